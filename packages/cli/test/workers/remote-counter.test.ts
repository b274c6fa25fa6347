import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Count, RateWindows } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import fc from 'fast-check';
import { within } from '../../../../test/support/eventually.ts';
import type { NumberedCount } from '../../src/workers/messages.ts';
import { RemoteCounter } from '../../src/workers/remote-counter.ts';

const one: Count = { of: 'requests', name: 'panel', windowMs: 1000, add: true };

/** As the bridge does it. */
function answerFrom(windows: RateWindows, counts: readonly NumberedCount[]) {
  return counts.map((count) => ({ ...windows.count(count), id: count.id }));
}

function sizesOf(asked: readonly (readonly unknown[])[]): readonly number[] {
  return asked.map((counts) => counts.length);
}

test('what is counted in one turn is asked at once, and each gets its own answer', async () => {
  const asked: (readonly NumberedCount[])[] = [];
  const windows = new RateWindows(() => 0);
  const counter = new RemoteCounter((counts) => {
    asked.push(counts);
    counter.answer(answerFrom(windows, counts).reverse());
  });
  const states = await Promise.all([counter.count(one), counter.count(one), counter.count({ ...one, name: 'other' })]);
  assert.deepEqual(
    states.map(({ count }) => count),
    [1, 2, 1],
  );
  assert.deepEqual(sizesOf(asked), [3]);
});

test('counters of several workers count together', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 50 }), async (turns) => {
      const windows = new RateWindows(() => 0);
      const counters = [0, 1, 2].map(() => {
        const counter: RemoteCounter = new RemoteCounter((counts) => counter.answer(answerFrom(windows, counts)));
        return counter;
      });
      const states = await Promise.all(turns.map((which) => counters[which]?.count(one)));
      const counted = states.map((state) => state?.count ?? 0).sort((a, b) => a - b);
      assert.deepEqual(
        counted,
        turns.map((_, index) => index + 1),
      );
    }),
    { numRuns: 50 },
  );
});

test('one question at a time: what comes meanwhile is asked together', async () => {
  const asked: (readonly NumberedCount[])[] = [];
  const counter = new RemoteCounter((counts) => void asked.push(counts));
  const windows = new RateWindows(() => 0);
  const first = counter.count(one);
  await new Promise((resolve) => setImmediate(resolve));
  const others = [counter.count(one)];
  await new Promise((resolve) => setImmediate(resolve));
  others.push(counter.count(one));
  assert.deepEqual(sizesOf(asked), [1]);
  counter.answer(answerFrom(windows, asked[0] ?? []));
  assert.equal((await first).count, 1);
  assert.deepEqual(sizesOf(asked), [1, 2]);
  counter.answer(answerFrom(windows, asked[1] ?? []));
  assert.deepEqual(
    (await Promise.all(others)).map(({ count }) => count),
    [2, 3],
  );
});

test('nobody is let through without an answer; one that comes too late only says that the bridge is back', async () => {
  const asked: (readonly NumberedCount[])[] = [];
  const counter = new RemoteCounter((counts) => void asked.push(counts));
  const isOverloaded = (error: unknown) => error instanceof IsthmusError && error.code === 'OVERLOADED';
  await within(60_000, assert.rejects(counter.count(one), isOverloaded));
  // Not even asked, and not kept for later.
  await within(60_000, assert.rejects(counter.count(one), isOverloaded));
  assert.deepEqual(sizesOf(asked), [1]);
  const windows = new RateWindows(() => 0);
  counter.answer(answerFrom(windows, asked[0] ?? []));
  const next = counter.count(one);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(sizesOf(asked), [1, 1]);
  counter.answer(answerFrom(windows, asked[1] ?? []));
  assert.equal((await next).count, 2);
});
