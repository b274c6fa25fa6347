/** How often those who listen to a region are called. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RegionMemory } from '../../src/regions/memory.ts';
import { FakeNativeRegion } from '../support/fake-native-region.ts';

it('rests for as long as the most impatient listener allows', () => {
  const native = new FakeNativeRegion(8);
  const memory = new RegionMemory(native, 'state');
  const stops = [100, 10, 50, 10].map((restMs) => memory.listen(() => {}, restMs));
  const [stopFirst, stopSecond, stopThird, stopFourth] = stops;
  assert.deepEqual(native.rests.splice(0), [100e6, 10e6]);
  stopSecond?.();
  stopSecond?.();
  assert.equal(native.rests.at(-1) ?? 10e6, 10e6);
  stopFourth?.();
  assert.equal(native.rests.at(-1), 50e6);
  stopThird?.();
  assert.equal(native.rests.at(-1), 100e6);
  assert.ok(native.isWatched);
  stopFirst?.();
  assert.ok(!native.isWatched);
  native.rests.length = 0;
  memory.listen(() => {}, 70)();
  assert.deepEqual(native.rests, [70e6]);
});
