/** A turn that goes on while each reply causes the next call: what it sends by itself, and what it must not keep waiting. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WaitMode } from '@isthmus/core';
import { ProbeBridge, type ProbeClient } from './support/probe-client.ts';

const late = 20_000;

/** Calls without end, each caused by the reply before, until `isOver`. */
async function chain(client: ProbeClient, isOver: () => boolean): Promise<bigint> {
  const until = performance.now() + late;
  let value = 1n;
  while (!isOver() && performance.now() < until) value = (await client.double({ value })).value % 1000n;
  return value;
}

/** The same call behind more and more promises. */
async function deep(client: ProbeClient, value: bigint, depth: number): Promise<bigint> {
  return depth === 0 ? (await client.double({ value })).value : deep(client, value, depth - 1);
}

for (const wait of ['adaptive', 'block', 'spin'] satisfies WaitMode[]) {
  describe(`a chain of calls of a client that waits by ${wait}`, () => {
    it('lets what is for the next tick, timers and the event loop have their turns', async () => {
      await using bridge = await ProbeBridge.start({ wait }, '--wait', wait);
      for (const later of [process.nextTick, setImmediate, (then: () => void) => setTimeout(then, 1)]) {
        let ticked = false;
        await bridge.client.ping();
        later(() => {
          ticked = true;
        });
        await chain(bridge.client, () => ticked);
        assert.ok(ticked, later.name);
      }
    });

    it('lets another client have its own', async () => {
      await using one = await ProbeBridge.start({ wait }, '--wait', wait);
      await using other = await ProbeBridge.start({ wait }, '--wait', wait);
      let left = 500;
      const isOver = (): boolean => left === 0;
      const counting = (async () => {
        for (; left > 0; left--) assert.equal((await other.client.double({ value: 2n })).value, 4n);
      })();
      await Promise.all([chain(one.client, isOver), chain(one.client, isOver), counting]);
      assert.equal(left, 0);
    });

    it('goes on however many promises lie between a reply and the next call', async () => {
      await using bridge = await ProbeBridge.start({ wait }, '--wait', wait);
      for (let depth = 0; depth < 12; depth++) {
        let value = 1n;
        for (let i = 0; i < 20; i++) value = await deep(bridge.client, value, depth);
        assert.equal(value, 2n ** 20n);
      }
    });

    it('ends where a continuation closes the client', async () => {
      await using bridge = await ProbeBridge.start({ wait }, '--wait', wait);
      const { client } = bridge;
      for (let i = 0; i < 10; i++) await client.ping();
      const outcome = client.ping().then(() => {
        const next = client.double({ value: 1n });
        void client.$close();
        return next;
      });
      await assert.rejects(outcome, { code: 'CLOSED' });
    });
  });
}
