import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { createSegment, listSegments, removeSegmentSync } from '@isthmus/core';
import { type RegionSettings, type SegmentCreation, validateBridge } from '@isthmus/gateway';
import { f64, struct } from '@isthmus/schema';
import { createMissing, creationOf } from '../../src/regions/create-segments.ts';

const Boiler = struct('Boiler', { level: f64(), setPoint: f64() });
const log = { info: mock.fn(), warn: mock.fn(), error: mock.fn() };

let posix = '';
beforeEach(() => {
  posix = `/isthmus-cli-${randomBytes(6).toString('hex')}`;
});
afterEach(() => {
  if (existsSync(join('/dev/shm', posix))) removeSegmentSync({ posix });
});

/** A region of a configuration. `create` null: it is not to be made. */
function regionOf(config: object, create: SegmentCreation | null = {}): RegionSettings {
  const regions = { boiler: { struct: Boiler, ...config, ...(create === null ? {} : { create }) } };
  return validateBridge({ regions }, '/project/isthmus.config.ts').regions[0] ?? assert.fail();
}

test('makes what is missing, and removes it again', async () => {
  const remove = await createMissing(regionOf({ posix }, { mode: 0o640 }), log);
  const { size, mode } = statSync(join('/dev/shm', posix));
  assert.deepEqual([size, mode & 0o777], [16, 0o640]);
  remove();
  assert.equal(existsSync(join('/dev/shm', posix)), false);
});

test('what is there already is left as it is, and there afterwards', async () => {
  const first = await createMissing(regionOf({ posix }), log);
  const second = await createMissing(regionOf({ posix }, { mode: 0o666 }), log);
  second();
  assert.equal(statSync(join('/dev/shm', posix)).mode & 0o777, 0o600);
  first();
});

test('what somebody else has removed meanwhile is no failure', async () => {
  const remove = await createMissing(regionOf({ posix }), log);
  removeSegmentSync({ posix });
  remove();
});

test('what somebody else has put in its place stays', async () => {
  const remove = await createMissing(regionOf({ posix }), log);
  removeSegmentSync({ posix });
  await createSegment({ posix, bytes: 64 });
  remove();
  assert.equal(statSync(join('/dev/shm', posix)).size, 64);

  const systemV = { key: randomInt(1, 2 ** 31) };
  const isThere = async () => (await listSegments()).some(({ key }) => key === systemV.key);
  const removeOurs = await createMissing(regionOf({ systemV }), log);
  removeSegmentSync({ systemV });
  await createSegment({ systemV, bytes: 64 });
  try {
    removeOurs();
    assert.ok(await isThere());
  } finally {
    removeSegmentSync({ systemV });
  }
  const removeLast = await createMissing(regionOf({ systemV }), log);
  assert.ok(await isThere());
  removeLast();
  assert.ok(!(await isThere()));
});

test('nothing is made that is not asked for', async () => {
  const remove = await createMissing(regionOf({ posix }, null), log);
  assert.equal(existsSync(join('/dev/shm', posix)), false);
  remove();
});

test('what cannot be made is an error', async () => {
  await assert.rejects(createMissing(regionOf({ file: '/dev/null/boiler' }), log), { name: 'IsthmusError' });
});

test('it is as large as what the region says of it', () => {
  const cases: readonly (readonly [object, number])[] = [
    [{}, 16],
    [{ offset: 100 }, 116],
    [{ guard: { seqlock: { offset: 8, bytes: 8 } } }, 16],
    [{ guard: { seqlock: { offset: 64, bytes: 4 } } }, 68],
    [{ offset: 64, guard: { seqlock: { offset: 0, bytes: 8 } } }, 80],
  ];
  for (const [config, bytes] of cases) assert.equal(creationOf(regionOf({ posix, ...config }))?.bytes, bytes);
});

test('each kind that can have a name', () => {
  for (const source of [{ posix }, { file: '/run/boiler' }, { systemV: { key: 0x1234 } }]) {
    const create = { mode: 0o640, uid: 7, gid: 8 };
    assert.deepEqual(creationOf(regionOf(source, create)), { ...source, bytes: 16, ...create });
  }
  assert.equal(creationOf(regionOf({ systemV: { id: 7 } }, null)), undefined);
});
