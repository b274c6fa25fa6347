/** What is found although nobody has counted it. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { region, service, struct, u32 } from '@isthmus/schema';
import { within } from '../../../../test/support/eventually.ts';
import { RegionAccess } from '../../src/regions/access.ts';
import { RegionMemory } from '../../src/regions/memory.ts';
import { Listeners } from '../../src/regions/source.ts';
import { watchRows } from '../../src/regions/watch.ts';
import { ownWireRegion } from '../../src/regions/wire.ts';
import { FakeNativeRegion } from '../support/fake-native-region.ts';

const { state } = service('one', { state: region(struct('State', { count: u32() })) }).regions;

it('reads once more when the owner has gone: it may have died before it counted its last write', async () => {
  const native = new FakeNativeRegion(state.codec.size);
  const access = new RegionAccess(state, ownWireRegion(state), new RegionMemory(native, 'state'));
  const listeners = new Listeners();
  const source = {
    access: () => access,
    isLive: true,
    isAwaited: false,
    isWritable: false,
    listen: (listener: () => void) => listeners.add(listener),
  };
  access.write({ count: 1 }, undefined);
  await using stream = watchRows(source, undefined, { key: undefined, read: (from) => from.snapshot() });
  assert.deepEqual((await stream.next()).value?.value, { count: 1 });
  native.putUncounted(new Uint8Array([2, 0, 0, 0]));
  const next = stream.next();
  assert.equal(await Promise.race([next, sleep(50, 'silent')]), 'silent');
  source.isLive = false;
  listeners.notify();
  const { value } = await within(60_000, next);
  assert.deepEqual(value, { epoch: 7n, version: 2n, time: 0n, value: { count: 2 }, skipped: 0, live: false });
});
