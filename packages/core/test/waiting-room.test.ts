import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IsthmusError } from '@isthmus/schema';
import { probe } from '../../../test/support/probe.schema.ts';
import { formsOf } from '../src/form.ts';
import { type PendingCall, pendingCall } from '../src/pending.ts';
import { WaitingRoom } from '../src/waiting-room.ts';

const form = formsOf(probe.calls.ping).value;
const full = new IsthmusError('RING_FULL');

function newCall(input: number): PendingCall {
  const never = (): never => assert.fail('it was never sent');
  return pendingCall(form, input, undefined, never, never);
}

it('has no more than 10,000 calls wait, and the one with the nearest deadline give up first', async () => {
  const gaveUp: unknown[] = [];
  const sent: unknown[] = [];
  const allSent = Promise.withResolvers<void>();
  const room = new WaitingRoom(
    1e6,
    ({ input }) => {
      sent.push(input);
      if (sent.length === 10_000) allSent.resolve();
    },
    ({ input }, error) => {
      assert.equal(error, full);
      gaveUp.push(input);
    },
  );
  for (let i = 0; i < 9_999; i++) room.enter(newCall(i), full, i === 500 ? 1e5 : 2e5);
  room.enter(newCall(10_000), full, 1e9);
  assert.deepEqual(gaveUp, []);
  room.enter(newCall(10_001), full, 1e9);
  assert.deepEqual(gaveUp, [500]);
  room.enter(newCall(10_002), full, 10);
  assert.deepEqual(gaveUp, [500, 10_002]);
  await allSent.promise;
  assert.equal(sent.includes(500), false);
});

it('tries a call once more whose patience is over, and gives it up then', async () => {
  const tries: unknown[] = [];
  const gaveUp: unknown[] = [];
  const room = new WaitingRoom(
    1,
    (call, leftMs, error) => {
      tries.push(call.input);
      assert.equal(error, full);
      assert.ok(leftMs > 0 && leftMs < 1e5);
      room.enter(call, error, leftMs);
    },
    ({ input }) => {
      gaveUp.push(input);
      if (gaveUp.length === 3) ended.resolve();
    },
  );
  const ended = Promise.withResolvers<void>();
  for (const input of [1, 2]) room.enter(newCall(input), full, 1e5);
  // Its deadline is over before anybody looks.
  room.enter(newCall(3), full, 1);
  const endMs = performance.now() + 10;
  while (performance.now() < endMs);
  await ended.promise;
  await sleep(10);
  assert.deepEqual(tries, [1, 2]);
  assert.deepEqual(gaveUp, [1, 2, 3]);
});
