import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDrift } from '../../src/from-c/drift.ts';
import { schemaOf } from '../fixtures/c-header.ts';

const before = 'struct in { int x; }; struct a { struct in i; int gone; short moved; short kept; char changed; };';

async function drift(after: string, structs = ['a']): Promise<string[]> {
  return describeDrift(await schemaOf(before, ['a']), await schemaOf(after, structs));
}

test('nothing for the same header', async () => {
  assert.deepEqual(await drift(`${before} struct unrelated { int y; };`), []);
});

test('each field that was added, removed, moved or changed, and each struct', async () => {
  const after = `struct in { int x; }; struct __attribute__((aligned(8))) a
    { struct in i; short kept; short more; long changed; short moved; struct other { int z; } o; };`;
  assert.deepEqual(await drift(after), [
    'Other: added',
    'A.gone: removed, was i32() at 4',
    'A.kept: moved from 10 to 4',
    'A.more: added, i16() at 6',
    'A.changed: was i8() at 12, is i64() at 8',
    'A.moved: moved from 8 to 16',
    'A.o: added, Other at 20',
    "A: was { description: 'In C struct a, 16 bytes.' }, is { description: 'In C struct a, 24 bytes.' }",
  ]);
  assert.deepEqual(
    (await drift(before.replace('struct in i', 'int i').replace('{ int x; }', '{ int y; }'))).slice(0, 2),
    ['In: removed', 'A.i: was In at 0, is i32() at 0'],
  );
});

test('a file that was formatted or edited is told too', async () => {
  const source = await schemaOf(before, ['a']);
  assert.deepEqual(describeDrift(`${source}// mine\n`, source), [
    'the structs are the same, but the text is not: it was edited or formatted',
  ]);
  assert.deepEqual(describeDrift('', source), ['In: added', 'A: added']);
});
