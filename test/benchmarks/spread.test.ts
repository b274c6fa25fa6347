import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digits, ratiosOf, spreadOf, spreadText } from '../../benchmarks/harness/spread.ts';

const value = fc.double({ min: 1e-9, max: 1e12, noNaN: true });
const rounds = fc.array(fc.option(value), { minLength: 1, maxLength: 12 });

test('the spread is of the rounds that are there, in any order', () => {
  assert.deepEqual(spreadOf([3, null, 1, 2]), { low: 1, median: 2, high: 3 });
  assert.deepEqual(spreadOf([4, 1]), { low: 1, median: 4, high: 4 });
  assert.deepEqual(spreadOf([null]), { low: Number.NaN, median: Number.NaN, high: Number.NaN });
  fc.assert(
    fc.property(rounds, (values) => {
      const { low, median, high } = spreadOf(values);
      const there = values.filter((each) => each !== null);
      if (there.length === 0) return Number.isNaN(median);
      const below = there.filter((each) => each < median).length;
      const above = there.filter((each) => each > median).length;
      return (
        low === Math.min(...there) &&
        high === Math.max(...there) &&
        below <= there.length / 2 &&
        above < there.length / 2
      );
    }),
  );
});

test('a ratio is of two figures of the same round', () => {
  assert.deepEqual(ratiosOf([10, 30, 8], [5, 10, 4]), [2, 3, 2]);
  assert.deepEqual(ratiosOf([10, null, 8, 1], [5, 10, null]), [2, null, null, null]);
  assert.deepEqual(ratiosOf([1], [0]), [null]);
});

test('what makes each round slower in the same way does not change ratios', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value, fc.integer({ min: 1, max: 64 })), { minLength: 1 }), (all) => {
      const quiet = ratiosOf(
        all.map(([a]) => a),
        all.map(([, b]) => b),
      );
      const busy = ratiosOf(
        all.map(([a, , slower]) => a * slower),
        all.map(([, b, slower]) => b * slower),
      );
      return busy.every((ratio, index) => Math.abs((ratio ?? 0) / (quiet[index] ?? Number.NaN) - 1) < 1e-9);
    }),
  );
});

test('numbers have the three digits that count', () => {
  const texts = [0, 0.02346, 0.5, 1, 12.345, 123.4, 1234, 987_654];
  assert.deepEqual(texts.map(digits), ['0', '0.0235', '0.5', '1', '12.3', '123', '1,230', '988,000']);
  assert.equal(spreadText({ low: 1, median: 2, high: 3.456 }, ' L'), '2 L (1 to 3.46)');
  assert.equal(spreadText(spreadOf([])), '-');
});
