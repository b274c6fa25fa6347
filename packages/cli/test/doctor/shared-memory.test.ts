import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeSharedMemory, readLimits, type SharedMemoryLimits } from '../../src/doctor/shared-memory.ts';
import { segmentInfo } from '../fixtures/segment-info.ts';

const mebibyte = 2 ** 20;
const ample: SharedMemoryLimits = {
  posix: { bytes: 64 * mebibyte, free: 60.9 * mebibyte },
  largest: 2 ** 64,
  total: 2 ** 64,
  segments: 4096,
};

test('says how much there is', () => {
  const result = judgeSharedMemory([segmentInfo()], ample);
  assert.deepEqual(result, {
    name: 'shared memory',
    status: 'ok',
    found: '1 segment, 60 MiB of 64 MiB free in /dev/shm',
  });
});

test('warns of what everybody may write, System V and POSIX, and says what to do', () => {
  const open = [
    segmentInfo({ mode: 0o666, worldWritable: true }),
    segmentInfo({ kind: 'posix', name: '/oven', key: undefined, id: undefined, mode: 0o622, worldWritable: true }),
  ];
  const { status, found, advice } = judgeSharedMemory([segmentInfo(), ...open], ample);
  assert.equal(status, 'warn');
  assert.match(
    found,
    /^3 segments, .*; everybody may write key 0x00001234 \(id 7\) \(mode 0666\), \/oven \(mode 0622\)$/,
  );
  assert.match(advice ?? '', /0600.*isthmus segments/);
});

test('names a few of many', () => {
  const open = Array.from({ length: 12 }, (_, id) => segmentInfo({ id, worldWritable: true }));
  assert.match(judgeSharedMemory(open, ample).found, /\(id 4\) \(mode 0600\) and 7 more$/);
});

test('warns of each limit that is low', () => {
  const low: readonly (readonly [Partial<SharedMemoryLimits>, RegExp, RegExp])[] = [
    [{ posix: undefined }, /there is no \/dev\/shm/, /tmpfs/],
    [{ posix: { bytes: mebibyte, free: 0 } }, /\/dev\/shm has 1 MiB/, /size=64m/],
    [{ largest: mebibyte }, /a System V segment has at most 1 MiB/, /shmmax=33554432/],
    [{ total: mebibyte }, /all System V segments have at most 1 MiB/, /shmall=8192/],
    [{ segments: 4 }, /there can be 4 System V segments/, /shmmni=32/],
  ];
  for (const [limits, found, advice] of low) {
    const result = judgeSharedMemory([], { ...ample, ...limits });
    assert.equal(result.status, 'warn');
    assert.match(result.found, found);
    assert.match(result.advice ?? '', advice);
  }
  const unknown = { largest: undefined, total: undefined, segments: undefined };
  assert.equal(judgeSharedMemory([], { ...ample, ...unknown }).status, 'ok');
});

test('reads the limits of this machine', async () => {
  const { posix, largest, total, segments } = await readLimits();
  for (const number of [posix?.bytes, largest, total, segments]) assert.ok(number !== undefined && number > 0);
});
