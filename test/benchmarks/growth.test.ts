import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { everySeries } from '../../benchmarks/growth/every-series.ts';
import { growthOf } from '../../benchmarks/growth/growth.ts';
import { renderGrowth } from '../../benchmarks/growth/render.ts';
import type { SectionResult } from '../../benchmarks/harness/results.ts';
import { missingPrograms } from '../../benchmarks/harness/toolchains.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const steps = [1, 2, 4, 16, 64];

/** What grows as x^k, with its rounds that far apart. */
function powers(k: number, factors: readonly number[] = [1, 3]) {
  return steps.map((x) => ({ x, rounds: factors.map((factor) => factor * x ** k) }));
}

describe('growth', () => {
  test('is the exponent, from each point to the next and in all', () => {
    const exponent = fc.double({ min: -3, max: 3, noNaN: true });
    const factors = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(exponent, factors, (k, scales) => {
        const { steps: found, whole } = growthOf(powers(k, scales), 1);
        assert.deepEqual(
          found.map(({ from, to }) => [from, to]),
          steps.slice(1).map((to, index) => [steps[index], to]),
        );
        assert.deepEqual([whole?.from, whole?.to], [1, 64]);
        for (const { low, median, high } of [...found, ...(whole ? [whole] : [])].map((step) => step.exponent)) {
          for (const value of [low, median, high]) assert.ok(Math.abs(value - k) < 1e-6, `${value}, not ${k}`);
        }
      }),
    );
  });

  test('is worse where it is faster than it may be, and not for a little noise', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1), fc.double({ min: 0.2, max: 3, noNaN: true }), (limit, more) => {
        assert.notEqual(growthOf(powers(limit + more), limit).worse, undefined);
        assert.equal(growthOf(powers(limit - more), limit).worse, undefined);
        assert.equal(growthOf(powers(limit), limit).worse, undefined);
      }),
    );
    const rounds = (...values: readonly number[]) => values.map((value, index) => ({ x: 2 ** index, rounds: [value] }));
    assert.equal(growthOf(rounds(10, 12, 10, 12, 10), 0).worse, undefined);
  });

  test('names the step that grew most, if it did in every round', () => {
    const samples = [
      { x: 1, rounds: [10, 10] },
      { x: 2, rounds: [20, 20] },
      { x: 4, rounds: [80, 160] },
      { x: 8, rounds: [160, 320] },
    ];
    const { worse } = growthOf(samples, 1);
    assert.deepEqual([worse?.from, worse?.to, worse?.exponent], [2, 4, { low: 2, median: 3, high: 3 }]);
    const once = samples.map(({ x, rounds }) => ({ x, rounds: [x * 10, rounds[1] ?? 0] }));
    assert.equal(growthOf(once, 1).worse, undefined);
  });

  test('that creeps is found over the whole series', () => {
    const samples = Array.from({ length: 11 }, (_, index) => ({ x: 2 ** index, rounds: [1.2 ** index] }));
    const { worse } = growthOf(samples, 0);
    assert.deepEqual([worse?.from, worse?.to], [1, 1024]);
  });

  test('needs two points that were measured in the same round', () => {
    assert.deepEqual(growthOf([], 1), { steps: [], whole: undefined, worse: undefined });
    assert.equal(growthOf([{ x: 1, rounds: [5] }], 1).whole, undefined);
    const apart = growthOf(
      [
        { x: 1, rounds: [5, null] },
        { x: 2, rounds: [null, 10] },
      ],
      1,
    );
    assert.equal(apart.whole?.exponent.median, Number.NaN);
    assert.equal(apart.worse, undefined);
    const holed = growthOf([...powers(1).slice(0, 2), { x: 3, rounds: [null, null] }, ...powers(1).slice(2)], 1);
    assert.equal(holed.steps.length, steps.length - 1);
  });
});

describe('the report', () => {
  const connections = everySeries.find(({ name }) => name === 'connections') ?? assert.fail('there is no such series');
  const figures = [10, 100].flatMap((x) =>
    connections.measures.map(({ name }) => {
      const value = name === 'unanswered' ? 0 : name === 'gatewayBytes' ? x * 2 ** 20 : x ** 2;
      return { contestant: connections.name, measure: name, at: { connections: x }, rounds: [value, value] };
    }),
  );
  const why = 'a process may open 1024 files here';
  const result: SectionResult = {
    contestants: [{ name: connections.name, kind: connections.axis, what: connections.what }],
    rounds: 2,
    ms: 1000,
    figures,
    gaps: [{ contestant: connections.name, at: { connections: 10_000 }, why }],
    failures: [],
    stolen: { again: 0, kept: 0 },
  };

  test('has each point, what could not be measured, and a verdict for each cost', () => {
    const { markdown, plots } = renderGrowth(result);
    assert.match(markdown, /^\| 10 .* \| 10 MiB \(10 MiB to 10 MiB\) +\|$/m);
    assert.match(markdown, /^\| 10,000 \[1\] +\| - /m);
    assert.ok(markdown.includes(`1. ${why}`));
    assert.match(markdown, /^\| memory of the gateway +\| 1 +\| 1 +\| 1 +\| at most linear +\|$/m);
    assert.match(markdown, /^\| CPU of a request, .*\| 2 +\| 2 +\| 0 +\| worse from 10 to 100 +\|$/m);
    assert.deepEqual(Object.keys(plots), ['growth-connections.svg']);
    assert.ok(markdown.includes('](growth-connections.svg)'));
    assert.match(plots['growth-connections.svg'] ?? '', />linear</);
  });

  test('judges nothing by one round', () => {
    const once = figures.map((figure) => ({ ...figure, rounds: figure.rounds.slice(1) }));
    const { markdown } = renderGrowth({ ...result, rounds: 1, figures: once });
    assert.match(markdown, /\| not judged +\|/);
    assert.doesNotMatch(markdown, /worse|at most/);
  });

  test('of a run in which nothing was measured is empty', () => {
    assert.deepEqual(renderGrowth({ ...result, figures: [], gaps: [] }), { markdown: '', plots: {} });
  });
});

describe('a point of each series', { skip: availableParallelism() < 2 && 'it needs two CPUs' }, () => {
  for (const series of everySeries) {
    const why = missingPrograms('taskset') ?? series.missing();
    test(series.name, { skip: why ?? false, timeout: 240_000 }, async () => {
      series.build();
      using folder = new TemporaryFolder();
      const where = { cpus: { client: 0, server: 1 }, isUrgent: false, folder: folder.path };
      const [x = 1] = series.points.quick;
      const found = await series.measure(x, 50, where);
      assert.deepEqual(Object.keys(found).sort(), series.measures.map(({ name }) => name).sort());
      for (const [name, value] of Object.entries(found)) {
        assert.ok(value !== undefined && value >= 0 && Number.isFinite(value), `${name} is ${value}`);
      }
    });
  }

  test('is left out where a process may not open so many files', () => {
    const connections = everySeries.find(({ name }) => name === 'connections');
    assert.equal(connections?.cannot?.(10), undefined);
    assert.match(connections?.cannot?.(10_000_000) ?? '', /^a process may open \d+ files here$/);
  });
});
