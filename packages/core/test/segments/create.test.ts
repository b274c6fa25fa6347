import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  attach,
  type CreatableSource,
  createSegment,
  listSegments,
  type RemovableSource,
  removeSegment,
  removeSegmentSync,
} from '@isthmus/core';
import { struct, text } from '@isthmus/schema';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { Boiler, randomKey, randomName } from './support/peer.ts';

const isRoot = process.getuid?.() === 0;

/** Runs a test with a segment's name, and removes what is left of it. */
async function withSource<Source extends CreatableSource & RemovableSource>(
  source: Source,
  test: (source: Source) => Promise<void>,
): Promise<void> {
  try {
    await test(source);
  } finally {
    await removeSegment(source).catch(({ code }) => assert.equal(code, 'SEGMENT_MISSING'));
  }
}

describe('createSegment and removeSegment', () => {
  for (const kind of ['systemV', 'posix', 'file'] as const) {
    it(`create and remove a ${kind} segment`, async () => {
      using folder = new TemporaryFolder();
      const sources = {
        systemV: { systemV: { key: randomKey() } },
        posix: { posix: `/${randomName()}` },
        file: { file: folder.join('segment') },
      };
      await withSource<CreatableSource & RemovableSource>(sources[kind], async (source) => {
        await createSegment({ ...source, struct: Boiler });
        await assert.rejects(createSegment({ ...source, bytes: 1 }), { code: 'SEGMENT_EXISTS' });
        await using boiler = await attach(Boiler, { ...source, writable: true });
        const { value, epoch } = await boiler.read();
        assert.deepEqual(value, { tag: '', alarms: 0, pressure: 0, level: 0, setpoint: 0 });
        await boiler.write({ ...value, level: 3 });
        await removeSegment(source);
        await assert.rejects(removeSegment(source), { code: 'SEGMENT_MISSING' });
        await createSegment({ ...source, bytes: 26 });
        await using again = await attach(Boiler, source);
        const other = await again.read();
        assert.deepEqual([other.value.level, other.epoch === epoch], [0, false]);
        removeSegmentSync(source);
        assert.throws(() => removeSegmentSync(source), { code: 'SEGMENT_MISSING' });
      });
    });
  }

  it('give a segment the mode that is asked for, whatever the umask, or 0600', async () => {
    const before = process.umask(0o077);
    try {
      for (const mode of [undefined, 0o640, 0o666]) {
        await withSource({ posix: `/${randomName()}` }, async (source) => {
          await createSegment({ ...source, bytes: 10, mode });
          assert.equal(statSync(join('/dev/shm', source.posix)).mode & 0o777, mode ?? 0o600);
        });
        await withSource({ systemV: { key: randomKey() } }, async (source) => {
          await createSegment({ ...source, bytes: 10, mode });
          const found = (await listSegments()).find(({ key }) => key === source.systemV.key);
          assert.equal(found?.mode, mode ?? 0o600);
          assert.equal(found?.worldWritable, mode === 0o666);
        });
      }
    } finally {
      process.umask(before);
    }
  });

  it('give a segment an owner', { skip: isRoot ? false : 'another owner can only be given by root' }, async () => {
    await withSource({ systemV: { key: randomKey() } }, async (source) => {
      await createSegment({ ...source, bytes: 10, uid: 65_534, gid: 65_533 });
      const found = (await listSegments()).find(({ key }) => key === source.systemV.key);
      assert.equal(found?.owner.uid, 65_534);
      // By its id as well.
      await removeSegment({ systemV: { id: found?.id ?? -1 } });
    });
    using folder = new TemporaryFolder();
    const file = folder.join('segment');
    await createSegment({ file, bytes: 10, uid: 65_534, gid: 65_533 });
    const { uid, gid, size } = statSync(file);
    assert.deepEqual([uid, gid, size], [65_534, 65_533, 10]);
  });

  it('leave nothing behind where they fail', async () => {
    using folder = new TemporaryFolder();
    await assert.rejects(createSegment({ file: folder.join('missing/segment'), bytes: 1 }), {
      code: 'INVALID_ARGUMENT',
    });
    const file = folder.join('large');
    await assert.rejects(createSegment({ file, bytes: 2 ** 40 }), { code: 'OUT_OF_MEMORY' });
    assert.equal(existsSync(file), false);
  });

  it('refuse what cannot be', async () => {
    const code = 'INVALID_ARGUMENT';
    const name = `/${randomName()}`;
    const Endless = struct('Endless', { name: text() });
    await assert.rejects(createSegment({ posix: name, struct: Endless }), {
      code,
      detail: 'struct: must have a fixed size: no text(), bytes() or list() without a length',
    });
    await assert.rejects(createSegment({ posix: name }), {
      code,
      detail: 'needs exactly one of bytes, struct, and has none',
    });
    await assert.rejects(createSegment({ posix: name, bytes: 1, mode: 0o1000 }), { code, detail: /^mode: / });
    await assert.rejects(createSegment({ posix: name, bytes: 1, uid: -2 }), { code, detail: /^uid: / });
    // @ts-expect-error An id is the system's to choose.
    await assert.rejects(createSegment({ systemV: { id: 3 }, bytes: 1 }), {
      code,
      detail: 'systemV.id: the system chooses it, so name a key',
    });
    // @ts-expect-error Nobody can name a descriptor.
    await assert.rejects(createSegment({ fd: 3, bytes: 1 }), { code, detail: /^fd: is not an option; / });
    // @ts-expect-error The same.
    await assert.rejects(removeSegment({ fd: 3 }), { code, detail: /^fd: is not an option; / });
    using folder = new TemporaryFolder();
    writeFileSync(folder.join('file'), '');
    await assert.rejects(removeSegment({ file: folder.path }), {
      code,
      detail: `the file ${folder.path} is no regular file`,
    });
    assert.equal(existsSync(folder.path), true);
  });
});
