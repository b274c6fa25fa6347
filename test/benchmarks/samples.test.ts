import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Samples } from '../../benchmarks/hop/clients/samples.ts';

test('percentiles are values that occurred, by rank', () => {
  const samples = new Samples();
  for (let ns = 1000; ns > 0; ns--) samples.add(ns);
  assert.deepEqual(samples.percentiles([0, 0.5, 0.99, 0.999, 1]), [1, 500, 990, 999, 1000]);
  assert.deepEqual(new Samples().percentiles([0.5]), [Number.NaN]);
});

test('of fast calls one in seventeen is timed, of slow ones each', () => {
  assert.equal(new Samples(3999).every, 17);
  assert.equal(new Samples(4000).every, 1);
  assert.equal(new Samples().every, 1);
});

test('more than there is room for are thinned out evenly', () => {
  const samples = new Samples();
  const count = 2 ** 18 + 1;
  for (let ns = 1; ns <= count; ns++) samples.add(ns);
  assert.equal(samples.every, 2);
  const [least = 0, half = 0] = samples.percentiles([0, 0.5]);
  assert.equal(least, 1);
  assert.ok(Math.abs(half / count - 0.5) < 0.001, String(half));
});

test('any values: a share of them is not above its percentile', () => {
  const share = fc.double({ min: 0.001, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1 }), share, (values, wanted) => {
      const samples = new Samples();
      for (const value of values) samples.add(value);
      const [percentile = Number.NaN] = samples.percentiles([wanted]);
      const notAbove = values.filter((value) => value <= percentile).length;
      const below = values.filter((value) => value < percentile).length;
      return notAbove >= wanted * values.length - 1e-9 && below < wanted * values.length;
    }),
    { numRuns: 50 },
  );
});
