import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { warmUp } from '../../benchmarks/hop/clients/warm-up.ts';

const windowMs = 100;

/** Warms up something whose calls cost so much in each window, the last of them for ever; how many windows it took, and the result. */
async function warmedUp(costs: readonly number[], overrun = 1): Promise<{ windows: number; ns: number }> {
  let windows = 0;
  const ns = await warmUp(windowMs, (ms) => {
    const cost = costs[Math.min(windows++, costs.length - 1)] ?? assert.fail('no costs');
    return { calls: (ms * overrun * 1e6) / cost, ns: ms * overrun * 1e6 };
  });
  return { windows, ns };
}

test('what is as fast from the start is warm after three windows', async () => {
  assert.equal((await warmedUp([500])).windows, 3);
});

test('it goes on while calls become faster, and a single window that does not is no end', async () => {
  assert.equal((await warmedUp([950, 730, 740, 340, 300, 299, 298])).windows, 7);
});

test('it ends although calls become faster for ever', async () => {
  assert.equal((await warmedUp(Array.from({ length: 100 }, (_, i) => 1e6 * 0.9 ** i))).windows, 24);
});

test('a window that takes longer than it should counts as what it took', async () => {
  assert.equal(
    (
      await warmedUp(
        Array.from({ length: 100 }, (_, i) => 1e9 * 0.9 ** i),
        12,
      )
    ).windows,
    2,
  );
});

test('it takes 3 to 24 windows, and its result is what calls cost in the last', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 24, maxLength: 24 }), async (costs) => {
      const { windows, ns } = await warmedUp(costs);
      assert.ok(windows >= 3 && windows <= 24);
      assert.ok(Math.abs(ns - (costs[windows - 1] ?? 0)) < 1e-3);
    }),
  );
});
