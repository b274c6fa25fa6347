import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
import { mergePatch } from '../../src/index.ts';

test('every example of RFC 7396, appendix A', () => {
  const examples: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of examples) assert.deepEqual(mergePatch(target, patch), result);
});

/** The pseudocode of RFC 7396, section 2. */
function reference(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = Object.create(null);
  if (isObject) for (const [name, value] of Object.entries(target)) result[name] = value;
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = reference(result[name], value);
  }
  return result;
}

test('what the RFC says, for any two values; neither is changed', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(json, json, (target, patch) => {
      const before = JSON.stringify([target, patch]);
      assert.equal(JSON.stringify(mergePatch(target, patch)), JSON.stringify(reference(target, patch)));
      assert.equal(JSON.stringify([target, patch]), before);
    }),
  );
});

test('names that mean something to JavaScript are names', () => {
  const patched = mergePatch({ a: 1 }, JSON.parse('{"__proto__":{"b":2},"constructor":3}'));
  assert.deepEqual(Object.keys(Object(patched)), ['a', '__proto__', 'constructor']);
  assert.equal(Reflect.get(Object(patched), 'b'), undefined);
});

test('nesting without end is refused, where it gets too deep', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`);
  assert.throws(
    () => mergePatch({}, deep),
    (error) => error instanceof IsthmusError && error.code === 'INVALID_INPUT' && error.fields.length === 1,
  );
});
