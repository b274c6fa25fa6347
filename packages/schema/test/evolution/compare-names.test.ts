import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareNames } from '../../src/evolution/compare-names.ts';

test('what became of a list is told name by name', async (t) => {
  const cases: [before: string, after: string, changes: ReturnType<typeof compareNames>][] = [
    ['ab', 'ab', []],
    ['ab', 'abc', [{ kind: 'appended', name: 'c' }]],
    ['abc', 'ab', [{ kind: 'removed', name: 'c', atEnd: true }]],
    ['abc', 'bc', [{ kind: 'removed', name: 'a', atEnd: false }]],
    ['ab', 'acb', [{ kind: 'inserted', name: 'c' }]],
    ['ab', 'ac', [{ kind: 'renamed', name: 'b', to: 'c' }]],
    [
      'ab',
      'acd',
      [
        { kind: 'renamed', name: 'b', to: 'c' },
        { kind: 'appended', name: 'd' },
      ],
    ],
    [
      'abc',
      'cab',
      [
        { kind: 'moved', name: 'a', from: 1, to: 2 },
        { kind: 'moved', name: 'b', from: 2, to: 3 },
        { kind: 'moved', name: 'c', from: 3, to: 1 },
      ],
    ],
    ['', 'a', [{ kind: 'appended', name: 'a' }]],
    ['a', '', [{ kind: 'removed', name: 'a', atEnd: true }]],
  ];
  for (const [before, after, changes] of cases) {
    await t.test(`${before} -> ${after}`, () => assert.deepEqual(compareNames([...before], [...after]), changes));
  }
});

test('only appended, or only removed at the end, means that one list is the beginning of the other', () => {
  const names = fc.uniqueArray(fc.constantFrom(...'abcdef'), { maxLength: 6 });
  fc.assert(
    fc.property(names, names, (before, after) => {
      const changes = compareNames(before, after);
      const isPrefix = before.every((name, index) => after[index] === name);
      const isCut = after.every((name, index) => before[index] === name);
      assert.equal(
        changes.every(({ kind }) => kind === 'appended'),
        isPrefix,
      );
      assert.equal(
        changes.every((change) => change.kind === 'removed' && change.atEnd),
        isCut,
      );
      const isEnd = (change: (typeof changes)[number]) =>
        change.kind === 'appended' || (change.kind === 'removed' && change.atEnd);
      assert.equal(changes.every(isEnd), isPrefix || isCut);
    }),
    { numRuns: 2000 },
  );
});
