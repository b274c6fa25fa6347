import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { guardKinds, loadNative, type NativeSegment, segmentKinds, versionBytes } from '@isthmus/native';
import { errors } from '@isthmus/schema';
import { eventually, within } from '../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';

const native = loadNative();
const statusOf = (code: keyof typeof errors) => ({ status: -errors[code].number });

/** Runs a test with 64 bytes of a file. */
async function withSegment(
  test: (segment: NativeSegment, file: string) => Promise<void> | void,
  guard: number = guardKinds.none,
): Promise<void> {
  using folder = new TemporaryFolder();
  const file = folder.join('segment');
  writeFileSync(
    file,
    Uint8Array.from({ length: 64 }, (_, index) => index),
  );
  const options = { kind: segmentKinds.file, name: file, offset: 0, bytes: 64, writable: 1, guard };
  const segment = await native.attachSegment(options);
  try {
    await test(segment, file);
  } finally {
    segment.detach();
  }
}

describe('a segment of the addon', () => {
  it('copies what is asked for, and its version where that is asked for', () =>
    withSegment((segment) => {
      const bytes = new Uint8Array(segment.buffer, versionBytes);
      assert.equal(bytes.length, 64);
      assert.equal(segment.read(8, 4, false), true);
      assert.deepEqual([...bytes.subarray(7, 13)], [0, 8, 9, 10, 11, 0]);
      const version = () => new DataView(segment.buffer).getBigUint64(0, true);
      assert.equal(version(), 0n);
      segment.read(0, 64, true);
      const before = version();
      assert.notEqual(before, 0n);
      bytes[4] = 7;
      assert.equal(segment.write(4, 1, undefined), true);
      assert.notEqual(version(), before);
    }));

  it('does the same on a thread', () =>
    withSegment(async (segment) => {
      const bytes = new Uint8Array(segment.buffer, versionBytes);
      await segment.read(60, 4, true, 1000);
      assert.deepEqual([...bytes.subarray(58)], [0, 0, 60, 61, 62, 63]);
      bytes[60] = 1;
      const writing = segment.write(60, 1, undefined, 1000);
      // A copy of it was taken.
      bytes[60] = 2;
      await writing;
      await segment.read(60, 1, false, 1000);
      assert.equal(bytes[60], 1);
    }));

  it('refuses what is not within it', () =>
    withSegment((segment) => {
      const parts = [
        [0, 65],
        [64, 1],
        [-1, 2],
        [0, 0],
        [Number.NaN, 1],
        [0, Number.POSITIVE_INFINITY],
        [2 ** 53, 1],
      ] as const;
      for (const [offset, size] of parts) {
        assert.throws(() => segment.read(offset, size, true), statusOf('INVALID_ARGUMENT'));
        assert.throws(() => segment.write(offset, size, undefined, 10), statusOf('INVALID_ARGUMENT'));
      }
    }));

  it('has one operation at a time, and none after it was detached', () =>
    withSegment(async (segment) => {
      const reading = segment.read(0, 64, true, 1000);
      for (const use of [() => segment.read(0, 1, false), () => segment.isCurrent(), () => segment.detach()]) {
        assert.throws(use, statusOf('INTERNAL'));
      }
      await reading;
      assert.equal(segment.isCurrent(), true);
      segment.detach();
      segment.detach();
      for (const use of [() => segment.read(0, 1, false), () => segment.isCurrent()]) {
        assert.throws(use, statusOf('CLOSED'));
      }
    }));

  it('tells whether a file is used', () =>
    withSegment((segment, file) => {
      // Where leases are refused (some file systems), nothing is known.
      const [used, other] = [native.isFileUsed(file), join(file, '../other')];
      assert.ok(used === true || used === undefined);
      segment.detach();
      writeFileSync(other, '');
      const descriptor = openSync(other, 'r');
      assert.equal(native.isFileUsed(other), used);
      closeSync(descriptor);
      assert.equal(native.isFileUsed(other), used === undefined ? undefined : false);
      assert.equal(native.isFileUsed(join(file, '../missing')), undefined);
    }));

  it('is given back when the Worker ends that waits for its guard', () =>
    withSegment(async (_segment, file) => {
      // A counter that is odd: somebody writes.
      writeFileSync(file, new Uint8Array(16).fill(1, 0, 1));
      const mappings = () => readFileSync('/proc/self/maps', 'utf8').split(file).length - 1;
      const before = mappings();
      for (let i = 0; i < 4; i += 1) {
        const worker = new Worker(new URL('./support/segment-worker.ts', import.meta.url), {
          workerData: { file, timeoutMs: 3000 },
        });
        await within(60_000, once(worker, 'message'));
        assert.ok(mappings() > before);
        await worker.terminate();
      }
      // Their threads go on until the time is over, and then have nobody to tell.
      await eventually('the mappings to be given back', () => mappings() === before);
    }));

  it('cannot be attached or removed where there is none', async () => {
    const name = '/tmp/isth-test-there-is-none';
    const options = { kind: segmentKinds.file, name, offset: 0, bytes: 64, writable: 1, guard: 0 };
    await assert.rejects(native.attachSegment(options), statusOf('SEGMENT_MISSING'));
    assert.throws(() => native.removeSegment(options), statusOf('SEGMENT_MISSING'));
  });
});
