import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { duplicateFields, hasDuplicateNames } from '../../src/index.ts';

test('counting finds duplicates exactly when the scan does', () => {
  // Objects written member by member, so that names repeat, from an alphabet that is hard to scan. No name is a backslash:
  // once the JSON.parse of Node 24 has seen one, it takes any escaped name of one character in the same place for it
  // (V8 13.6; Node 20's does not). Such names are in no schema, so that they are refused either way.
  const key = fc.constantFrom('a', 'b', '"', ':', '{', '');
  const text = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      key.map((name) => JSON.stringify(name)),
      tie('object'),
      tie('array'),
    ),
    object: fc
      .array(fc.tuple(key, tie('value')), { maxLength: 4 })
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)} : ${value}`).join(',')}}`),
    array: fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(' , ')}]`),
  })).value;
  fc.assert(
    fc.property(text, (written) => {
      assert.equal(hasDuplicateNames(written, JSON.parse(written)), duplicateFields(written).length > 0);
    }),
    { numRuns: 2000 },
  );
});

test('no depth of nesting exhausts the stack', () => {
  const depth = 200_000;
  const text = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  assert.doesNotThrow(() => hasDuplicateNames(text, JSON.parse(text)));
});
