import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
import { Conditions, type Verdict } from '../../src/http/entity-tags.ts';

function judge(headers: Record<string, string>, current: readonly string[]): Verdict | 'none' | 'refused' {
  try {
    return Conditions.of(headers)?.judge(current) ?? 'none';
  } catch (error) {
    assert.ok(error instanceof IsthmusError && error.code === 'INVALID_ARGUMENT');
    return 'refused';
  }
}

test('lists, any, weak and strong', () => {
  const cases: [Record<string, string>, string[], Verdict | 'none' | 'refused'][] = [
    [{}, ['a'], 'none'],
    [{ 'if-match': '"a"' }, ['a'], 'pass'],
    [{ 'if-match': '"a"' }, ['b', 'a'], 'pass'],
    [{ 'if-match': '"a"' }, [], 'match'],
    [{ 'if-match': '"b" , "a"' }, ['a'], 'pass'],
    [{ 'if-match': ',, "b",,"a",' }, ['a'], 'pass'],
    [{ 'if-match': 'W/"a"' }, ['a'], 'match'],
    [{ 'if-match': '*' }, ['a'], 'pass'],
    [{ 'if-match': ' * ' }, [], 'match'],
    [{ 'if-none-match': 'W/"a"' }, ['a'], 'noneMatch'],
    [{ 'if-none-match': '"a"' }, ['a'], 'noneMatch'],
    [{ 'if-none-match': '*' }, [], 'pass'],
    [{ 'if-none-match': '*' }, ['a'], 'noneMatch'],
    [{ 'if-match': '"a"', 'if-none-match': '"a"' }, ['a'], 'noneMatch'],
    [{ 'if-match': '"b"', 'if-none-match': '"a"' }, ['a'], 'match'],
    // A comma is part of a tag.
    [{ 'if-match': '"a,b"' }, ['a,b'], 'pass'],
  ];
  for (const [headers, current, verdict] of cases) {
    assert.equal(judge(headers, current), verdict, `${JSON.stringify(headers)} of ${current}`);
  }
});

test('what is no list of tags', () => {
  for (const header of ['', ',', 'a', '"a', 'w/"a"', '"a" "b"', '*, "a"', '"a"; "b"', 'W/ "a"', "'a'", '"a b"']) {
    assert.equal(judge({ 'if-match': header }, ['a']), 'refused', header);
    assert.equal(judge({ 'if-none-match': header }, ['a']), 'refused', header);
  }
});

test('any list that can be written', () => {
  const tag = fc.stringMatching(/^[!#-~]{0,8}$/);
  const element = fc.record({ tag, isWeak: fc.boolean(), space: fc.constantFrom('', ' ', '\t') });
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 6 }), tag, (elements, current) => {
      const header = elements.map((one) => `${one.space}${one.isWeak ? 'W/' : ''}"${one.tag}"${one.space}`).join(',');
      const strong = elements.some((one) => !one.isWeak && one.tag === current);
      const weak = elements.some((one) => one.tag === current);
      assert.equal(judge({ 'if-match': header }, [current]), strong ? 'pass' : 'match');
      assert.equal(judge({ 'if-none-match': header }, [current]), weak ? 'noneMatch' : 'pass');
    }),
  );
});

test('a long header takes no longer than its length', () => {
  const begin = performance.now();
  judge({ 'if-match': `${'"a" , '.repeat(40_000)}"` }, ['a']);
  judge({ 'if-match': ' '.repeat(320_000) }, ['a']);
  judge({ 'if-match': `${'\t '.repeat(160_000)}x` }, ['a']);
  // Minutes, if it took the square of it.
  assert.ok(performance.now() - begin < 30_000);
});
