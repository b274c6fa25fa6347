/** What two trees' figures come to: only what all rounds agree on is more than noise. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judge, noise } from '../../benchmarks/compare/verdict.ts';

const outcomesOf = (base: readonly (number | null)[], now: readonly (number | null)[]) =>
  judge([{ name: 'sync', base, now }]).outcomes;

test('slower and faster are what every round says, of five or more', () => {
  const base = [100, 100, 100, 100, 100];
  assert.deepEqual(outcomesOf(base, [120, 130, 116, 300, 120]), ['slower']);
  assert.deepEqual(outcomesOf(base, [120, 130, 114, 300, 120]), ['same']);
  assert.deepEqual(outcomesOf(base, [80, 86, 50, 60, 70]), ['faster']);
  assert.deepEqual(outcomesOf(base, [80, 88, 50, 60, 70]), ['same']);
  assert.deepEqual(outcomesOf(base.slice(1), [200, 200, 200, 200]), ['unknown']);
  assert.deepEqual(outcomesOf([null, ...base.slice(1)], [200, 200, 200, 200, 200]), ['unknown']);
});

test('a machine that changes its speed from round to round changes no outcome', () => {
  const ns = fc.integer({ min: 100, max: 1e6 });
  fc.assert(
    fc.property(
      fc.array(ns, { minLength: 5, maxLength: 9 }),
      fc.double({ min: 0.2, max: 5, noNaN: true }),
      (base, ratio) => {
        const expected = ratio > noise * 1.001 ? 'slower' : ratio < 0.999 / noise ? 'faster' : 'same';
        if (expected === 'same' && (ratio > noise * 0.999 || ratio < 1.001 / noise)) return;
        const now = base.map((time) => time * ratio);
        assert.deepEqual(outcomesOf(base, now), [expected]);
      },
    ),
  );
});

test('the table has ratios and no times', () => {
  const base = [1000, 1000, 1000, 1000, 1000];
  const { lines } = judge([
    { name: 'sync', base, now: [1000, 1100, 900, 1000, 1000] },
    { name: 'block', base, now: base.map((time) => time * 1.5) },
    { name: 'spin', base: [], now: [] },
  ]);
  assert.match(lines[0] ?? '', /^sync +1 \(0\.9 to 1\.1\)$/);
  assert.match(lines[1] ?? '', /^block +1\.5 \(1\.5 to 1\.5\) +slower in every round$/);
  assert.match(lines[2] ?? '', /^spin +- +too few rounds to tell$/);
});
