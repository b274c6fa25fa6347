import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type AttachOptions, attach } from '@isthmus/core';
import { eventually } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { Boiler, type Peer, startPeer, structAt } from './support/peer.ts';

const isRoot = process.getuid?.() === 0;

function optionsOf({ place }: Peer): AttachOptions {
  return { ...place.source, guard: place.guard, offset: structAt, writable: true, timeoutMs: 50 };
}

describe('a segment that is not as it should be', () => {
  it('is too small', async () => {
    await using peer = await startPeer('systemV', 'none');
    const code = 'SEGMENT_TOO_SMALL';
    await assert.rejects(attach(Boiler, { ...peer.place.source, offset: 4096 - 25 }), { code });
    await assert.rejects(attach(Boiler, { ...peer.place.source, offset: Number.MAX_SAFE_INTEGER }), { code });
    await assert.rejects(attach(Boiler, { ...peer.place.source, guard: { seqlock: { offset: 4096, bytes: 4 } } }), {
      code,
    });
    await using last = await attach(Boiler, { ...peer.place.source, offset: 4096 - 26 });
    assert.equal((await last.read()).value.alarms, 0);
  });

  it('has another magic', async () => {
    await using peer = await startPeer('posix', 'none');
    const magic = { bytes: '54414e4b' };
    await assert.rejects(attach(Boiler, { ...peer.place.source, magic }), { code: 'SEGMENT_MISMATCH' });
    await assert.rejects(attach(Boiler, { ...peer.place.source, guard: { mutex: { offset: 256 } } }), {
      code: 'SEGMENT_MISMATCH',
    });
  });

  it('lacks its guard', async () => {
    await using peer = await startPeer('systemV', 'none');
    const { source } = peer.place;
    for (const guard of [
      { posixSemaphore: '/isth-test-there-is-none' },
      { systemVSemaphore: { id: 2 ** 31 - 1, number: 0 } },
      { flock: '/tmp/isth-test-there-is-none' },
    ]) {
      await assert.rejects(attach(Boiler, { ...source, guard }), { code: 'GUARD_MISSING' });
    }
  });

  it('belongs to somebody else', { skip: isRoot ? false : 'another user can only be had by root' }, async () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o755);
    const path = folder.join('segment');
    writeFileSync(path, Buffer.alloc(4096), { mode: 0o600 });
    const script = `
      import { attach } from '@isthmus/core';
      import { struct, u32 } from '@isthmus/schema';
      const One = struct('One', { a: u32() });
      process.seteuid(65534);
      const open = (options) => attach(One, { file: process.argv[1], ...options }).then(() => 'attached', ({ code }) => code);
      console.log(await open({}));
      process.seteuid(0);
      (await import('node:fs')).chmodSync(process.argv[1], 0o644);
      process.seteuid(65534);
      console.log(await open({}), await open({ writable: true }));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, path], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    assert.equal(stdout, 'PERMISSION_DENIED\nattached PERMISSION_DENIED\n', stderr);
  });

  it('becomes shorter while it is mapped, and longer again', async () => {
    await using peer = await startPeer('file', 'none');
    await using boiler = await attach(Boiler, optionsOf(peer));
    await peer.tell('write 7');
    assert.equal(await boiler.get('alarms'), 7);
    await peer.tell('truncate 0');
    await assert.rejects(boiler.read(), { code: 'SEGMENT_TRUNCATED' });
    await assert.rejects(boiler.set('alarms', 1), { code: 'SEGMENT_TRUNCATED' });
    await peer.tell('truncate 4096');
    assert.equal(await boiler.get('alarms'), 0);
    await boiler.set('alarms', 1);
  });

  it('becomes shorter and longer all the time', async () => {
    await using peer = await startPeer('file', 'none');
    await using boiler = await attach(Boiler, optionsOf(peer));
    const path = peer.place.source.file ?? '';
    const seen = new Set<string>();
    const truncating = setInterval(() => {
      truncateSync(path, 0);
      setImmediate(() => truncateSync(path, 4096));
    }, 1);
    try {
      await eventually('both outcomes', async () => {
        const outcomes = [boiler.read(), boiler.get('alarms'), boiler.set('alarms', 3)];
        for (const { status, ...rest } of await Promise.allSettled(outcomes)) {
          seen.add('reason' in rest ? rest.reason.code : status);
        }
        await new Promise(setImmediate);
        return seen.has('SEGMENT_TRUNCATED') && seen.has('fulfilled');
      });
    } finally {
      clearInterval(truncating);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual([...seen].sort(), ['SEGMENT_TRUNCATED', 'fulfilled']);
  });

  it('is a pipe, a folder or a device', async () => {
    using folder = new TemporaryFolder();
    const pipe = folder.join('pipe');
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
    for (const file of [pipe, folder.path, '/dev/zero']) {
      await assert.rejects(attach(Boiler, { file }), {
        code: 'INVALID_ARGUMENT',
        detail: `the file ${file} is no regular file`,
      });
    }
  });
});

describe('a segment that goes and comes', () => {
  it('cannot be read until there is another one, whose epoch is another', async () => {
    await using old = await startPeer('systemV', 'systemVSemaphore');
    await using boiler = await attach(Boiler, optionsOf(old));
    const before = await boiler.read();
    await old.tell('remove');
    await old.tell('removeGuard');
    await eventually('it is found to be gone', () => !boiler.isLive);
    await assert.rejects(boiler.read(), { code: 'SEGMENT_MISSING' });
    await old.tell('make');
    await old.tell('write 5');
    const after = await boiler.read();
    assert.notEqual(after.epoch, before.epoch);
    assert.deepEqual([after.value.alarms, boiler.isLive], [5, true]);
    await assert.rejects(boiler.write(after.value, { expected: before }), { code: 'REGION_CONFLICT' });
  });

  it('is a file that another one replaces', async () => {
    using folder = new TemporaryFolder();
    const file = folder.join('segment');
    writeFileSync(file, Buffer.alloc(64, 1));
    await using boiler = await attach(Boiler, { file });
    const { epoch } = await boiler.untyped.read();
    writeFileSync(`${file}.new`, Buffer.alloc(64, 2));
    renameSync(`${file}.new`, file);
    await eventually('it reads the new one', async () => (await boiler.get('pressure')) === 0x0202);
    assert.notEqual((await boiler.untyped.read()).epoch, epoch);
  });

  it('has a guard that is made anew', async () => {
    for (const kind of ['posixSemaphore', 'systemVSemaphore'] as const) {
      await using peer = await startPeer('systemV', kind);
      await using boiler = await attach(Boiler, optionsOf(peer));
      const { epoch } = await boiler.read();
      await peer.tell('removeGuard');
      await eventually('the guard is missed', () =>
        boiler.read().then(
          () => false,
          ({ code }) => code === 'GUARD_MISSING',
        ),
      );
      await peer.tell('makeGuard');
      await peer.tell('lock');
      await assert.rejects(boiler.read(), { code: 'LOCK_TIMEOUT' }, 'it is the new one that is waited for');
      await peer.tell('unlock');
      assert.equal((await boiler.read()).epoch, epoch, 'the memory is the same');
    }
  });

  it('is a descriptor', async () => {
    await using peer = await startPeer('file', 'none');
    await peer.tell('write 6');
    const fd = openSync(peer.place.source.file ?? '', 'r+');
    const boiler = await attach(Boiler, { fd, offset: structAt, writable: true });
    closeSync(fd);
    assert.equal(await boiler.get('alarms'), 6);
    await boiler.set('alarms', 8);
    assert.equal(await peer.ask('show'), 'B-7 8 6 6 6');
    assert.equal(boiler.isLive, true);
    await boiler.detach();
  });
});

describe('a guard that is held', () => {
  const guards = ['posixSemaphore', 'systemVSemaphore', 'mutex', 'flock', 'fcntl', 'seqlock'] as const;
  for (const guard of guards) {
    const code = guard === 'seqlock' ? 'REGION_BUSY' : 'LOCK_TIMEOUT';
    it(`${guard}: is waited for so long and no longer, without holding up anything else`, async () => {
      await using peer = await startPeer('posix', guard);
      await using boiler = await attach(Boiler, optionsOf(peer));
      await using patient = await attach(Boiler, { ...optionsOf(peer), timeoutMs: 60_000 });
      await peer.tell('lock');
      const begin = performance.now();
      const failing = boiler.read();
      await assert.rejects(failing, (error: Error & { code: string; detail: string }) => {
        assert.equal(error.code, code, error.message);
        // The kernel does not say who took a POSIX semaphore, and nobody owns a counter.
        if (!['posixSemaphore', 'seqlock'].includes(guard)) assert.match(error.detail, new RegExp(`\\b${peer.pid}\\b`));
        return true;
      });
      const tookMs = performance.now() - begin;
      assert.ok(tookMs >= 49 && tookMs < 30_000, `${tookMs} ms`);
      const waiting = patient.write({ tag: 'B-9', alarms: 1, pressure: 1, level: 1, setpoint: 1 });
      // The event loop goes on meanwhile, or this would never be told.
      await peer.tell('unlock');
      await waiting;
      assert.equal(await peer.ask('show'), 'B-9 1 1 1 1');
    });
  }

  for (const guard of ['systemVSemaphore', 'mutex', 'flock', 'fcntl'] as const) {
    it(`${guard}: is given back by the system when its holder dies`, async () => {
      await using peer = await startPeer('systemV', guard);
      await using boiler = await attach(Boiler, { ...optionsOf(peer), timeoutMs: 60_000 });
      await peer.tell('lock');
      await peer.tell('put 3');
      await peer.kill();
      // A mutex tells of it, once.
      if (guard === 'mutex') await assert.rejects(boiler.read(), { code: 'LOCK_OWNER_DIED' });
      assert.equal((await boiler.read()).value.setpoint, 3);
    });
  }

  it('makes those who come later wait for those before, each until its own deadline', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    await using boiler = await attach(Boiler, optionsOf(peer));
    await peer.tell('lock');
    const reads = Array.from({ length: 1001 }, () => boiler.read());
    const refused = boiler.read();
    await assert.rejects(refused, {
      code: 'TOO_MANY_CALLS',
      detail: '1000 operations wait for this segment already',
    });
    const begin = performance.now();
    const codes = (await Promise.allSettled(reads)).map((read) => 'reason' in read && read.reason.code);
    assert.deepEqual([...new Set(codes)], ['LOCK_TIMEOUT']);
    assert.ok(performance.now() - begin < 30_000, 'not one after the other');
    await peer.tell('unlock');
    assert.equal((await boiler.read()).value.tag, 'B-7');
  });

  it('ends with the program, or a worker, that waits for it', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    await peer.tell('lock');
    const options = JSON.stringify({ ...optionsOf(peer), timeoutMs: 60_000 });
    const script = (end: string) => `
      import { attach } from '@isthmus/core';
      import { struct, u32 } from '@isthmus/schema';
      const one = await attach(struct('One', { a: u32() }), ${options});
      one.read();
      ${end}
    `;
    const leave = script('setTimeout(() => process.exit(3), 50);');
    const worker = `
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(process.argv[1])));
      worker.on('message', async () => process.exit(4 + await worker.terminate()));
    `;
    const inWorker = script(`(await import('node:worker_threads')).parentPort.postMessage(0);`).replaceAll(
      /'(@isthmus\/\w+)'/g,
      (_, name) => `'${import.meta.resolve(name)}'`,
    );
    const run = (...args: readonly string[]) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', ...args], {
        cwd: join(import.meta.dirname),
        encoding: 'utf8',
        timeout: 60_000,
      });
    const ended = run(leave);
    assert.equal(ended.status, 3, ended.stderr);
    const terminated = run(worker, inWorker);
    assert.equal(terminated.status, 5, terminated.stderr);
  });
});
