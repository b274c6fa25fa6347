import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttachOptions, attach } from '@isthmus/core';
import { within } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { Boiler, Peer, placeOf, startPeer, structAt } from './support/peer.ts';

function optionsOf({ place }: Peer): AttachOptions {
  return { ...place.source, guard: place.guard, offset: structAt, timeoutMs: 60_000, watchIntervalMs: 5 };
}

/** The next event, which must come. */
async function take<Item>(items: AsyncGenerator<Item, undefined, undefined>): Promise<Item> {
  const { value, done } = await within(60_000, items.next());
  if (done === true || value === undefined) throw new Error('there are no more events');
  return value;
}

/** Whether nothing comes for some looks. */
async function isQuiet(next: Promise<unknown>): Promise<boolean> {
  return (await Promise.race([next, sleep(60, 'quiet')])) === 'quiet';
}

describe('watching a segment', () => {
  it('gives what there is, then what changes, and nothing else', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    await using boiler = await attach(Boiler, optionsOf(peer));
    const events = boiler.watch();
    const first = await take(events);
    assert.deepEqual([first.value.alarms, first.skipped, first.live], [0, 0, true]);
    const next = take(events);
    assert.ok(await isQuiet(next));
    await peer.tell('write 3');
    const second = await next;
    assert.deepEqual([second.value.alarms, second.skipped, second.live], [3, 0, true]);
    assert.equal(second.epoch, first.epoch);
    await events.return(undefined);
  });

  it('counts what came too fast, where the guard counts', async () => {
    await using peer = await startPeer('posix', 'seqlock');
    await using boiler = await attach(Boiler, optionsOf(peer));
    const events = boiler.watch();
    const { version } = await take(events);
    for (const number of [1, 2, 3, 4]) await peer.tell(`write ${number}`);
    const event = await take(events);
    assert.deepEqual([event.value.alarms, event.version, event.skipped], [4, version + 4n, 3]);
    await events.return(undefined);
  });

  it('leaves out what is known', async () => {
    await using peer = await startPeer('systemV', 'mutex');
    await using boiler = await attach(Boiler, optionsOf(peer));
    await peer.tell('write 1');
    const known = await boiler.read();
    const same = boiler.watch({ after: known });
    const next = take(same);
    assert.ok(await isQuiet(next));
    await peer.tell('write 2');
    assert.equal((await next).value.alarms, 2);
    const elsewhere = boiler.watch({ after: { ...known, epoch: known.epoch ^ 1n } });
    assert.equal((await take(elsewhere)).value.alarms, 2);
    await Promise.all([same.return(undefined), elsewhere.return(undefined)]);
  });

  it('keeps to a rate, and gives the newest then', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    await using boiler = await attach(Boiler, optionsOf(peer));
    const events = boiler.watch({ maxRate: 0.25 });
    const begin = performance.now();
    await take(events);
    await peer.tell('write 1');
    const next = take(events);
    await peer.tell('write 2');
    assert.equal((await next).value.alarms, 2);
    assert.ok(performance.now() - begin >= 3999);
    await events.return(undefined);
    for (const maxRate of [0, 1001, Number.NaN]) {
      assert.throws(() => boiler.watch({ maxRate }), { code: 'INVALID_ARGUMENT' });
      assert.throws(() => boiler.untyped.watch({ maxRate }), { code: 'INVALID_ARGUMENT' });
    }
  });

  it('tells when the segment goes and when there is another one', async () => {
    const place = placeOf('posix', 'posixSemaphore');
    await using peer = new Peer(place);
    await using boiler = await attach(Boiler, { ...optionsOf(peer), lazy: true });
    const events = boiler.watch();
    const first = take(events);
    assert.ok(await isQuiet(first), 'there is none yet');
    await peer.tell('make');
    const before = await first;
    assert.equal(before.live, true);
    const second = take(events);
    await peer.tell('remove');
    await peer.tell('removeGuard');
    const gone = await second;
    assert.deepEqual([gone.live, gone.version, gone.epoch], [false, before.version, before.epoch]);
    await peer.tell('make');
    const back = await take(events);
    assert.equal(back.live, true);
    assert.notEqual(back.epoch, before.epoch);
    await events.return(undefined);
  });

  it('tells when the guard is held too long, and goes on', async () => {
    await using peer = await startPeer('systemV', 'flock');
    await using boiler = await attach(Boiler, { ...optionsOf(peer), timeoutMs: 50 });
    const events = boiler.watch();
    await take(events);
    await peer.tell('lock');
    assert.equal((await take(events)).live, false);
    await peer.tell('unlock');
    assert.equal((await take(events)).live, true);
    await events.return(undefined);
  });

  it('ends at once when it is told to', async () => {
    await using peer = await startPeer('systemV', 'none');
    const boiler = await attach(Boiler, optionsOf(peer));
    const options = { maxRate: 0.01 };

    const returned = boiler.watch(options);
    await take(returned);
    const pending = returned.next();
    assert.deepEqual(await within(60_000, returned.return(undefined)), { value: undefined, done: true });
    assert.deepEqual(await pending, { value: undefined, done: true });
    assert.deepEqual(await returned.next(), { value: undefined, done: true });

    const thrown = boiler.watch(options);
    await take(thrown);
    await assert.rejects(within(60_000, thrown.throw(new Error('enough'))), /enough/);

    const controller = new AbortController();
    const aborted = boiler.watch({ ...options, signal: controller.signal });
    await take(aborted);
    const cancelled = aborted.next();
    controller.abort(new Error('no more'));
    await assert.rejects(within(60_000, cancelled), { code: 'CANCELLED', cause: new Error('no more') });
    assert.deepEqual(await aborted.next(), { value: undefined, done: true });
    await assert.rejects(boiler.watch({ signal: controller.signal }).next(), { code: 'CANCELLED' });

    const closed = boiler.watch(options);
    await take(closed);
    const last = closed.next();
    await boiler.detach();
    await assert.rejects(within(60_000, last), { code: 'CLOSED' });
  });

  it('ends at once while the guard is held, however long it would be waited for', async () => {
    await using peer = await startPeer('systemV', 'flock');
    const boiler = await attach(Boiler, optionsOf(peer));
    const controller = new AbortController();
    const [returned, aborted] = [boiler.watch(), boiler.watch({ signal: controller.signal })];
    await Promise.all([take(returned), take(aborted)]);
    await peer.tell('lock');
    const [last, cancelled] = [returned.next(), aborted.next()];
    assert.ok(await isQuiet(Promise.race([last, cancelled])));
    await within(60_000, returned.return(undefined));
    assert.deepEqual(await last, { value: undefined, done: true });
    controller.abort();
    await assert.rejects(within(60_000, cancelled), { code: 'CANCELLED' });
    const reading = boiler.read();
    const refused = assert.rejects(within(60_000, reading), { code: 'CLOSED' });
    await within(60_000, boiler.detach());
    await refused;
    await peer.tell('unlock');
  });

  it('waits for a program that makes its segment anew, and fills it only then', async () => {
    using folder = new TemporaryFolder();
    const [file, next] = [folder.join('segment'), folder.join('next')];
    const make = (path: string, begin: string, size = 4096) => writeFileSync(path, Buffer.alloc(size, begin));
    make(file, 'BOIL');
    await using boiler = await attach(Boiler, { file, watchIntervalMs: 5, magic: { bytes: Buffer.from('BOIL') } });
    const events = boiler.untyped.watch();
    const before = await take(events);
    for (const [begin, size] of [
      ['NONE', 4096],
      ['BOIL', 10],
    ] as const) {
      make(next, begin, size);
      renameSync(next, file);
      assert.equal((await take(events)).live, false);
      make(next, 'BOIL');
      renameSync(next, file);
      const after = await take(events);
      assert.equal(after.live, true);
      assert.notEqual(after.epoch, before.epoch);
    }
    await events.return(undefined);
  });

  it('ends with what will not go away', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    await using small = await attach(Boiler, { ...optionsOf(peer), offset: 4090, lazy: true });
    await assert.rejects(within(60_000, small.watch().next()), { code: 'SEGMENT_TOO_SMALL' });
  });

  it('is the same in bytes', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    await using boiler = await attach(Boiler, optionsOf(peer));
    const { untyped } = boiler;
    await peer.tell('write 515');
    const events = untyped.watch();
    const { bytes, live, skipped, ...stamp } = await take(events);
    assert.deepEqual([...bytes.subarray(8, 14), live, skipped], [3, 2, 0, 0, 2, 3, true, 0]);
    const [row] = await untyped.rows();
    assert.deepEqual([row?.bytes, row?.version, row?.epoch], [bytes, stamp.version, stamp.epoch]);
    assert.throws(() => untyped.watch({ key: 'x' }), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(untyped.read('x'), { code: 'INVALID_ARGUMENT' });
    await events.return(undefined);
  });

  it('keeps the process alive while somebody waits for an event, and not else', async () => {
    await using peer = await startPeer('systemV', 'none');
    const script = (end: string) => `
      import { attach } from '@isthmus/core';
      import { struct, u32 } from '@isthmus/schema';
      const one = await attach(struct('One', { a: u32() }), ${JSON.stringify(optionsOf(peer))});
      const events = one.watch();
      console.log((await events.next()).value.value.a);
      ${end}
    `;
    const run = (end: string) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script(end)], {
        cwd: import.meta.dirname,
        encoding: 'utf8',
        timeout: 60_000,
      });
    const ends = run('');
    const tag = Buffer.from('B-7\0').readUInt32LE();
    assert.deepEqual([ends.stdout, ends.status, ends.stderr], [`${tag}\n`, 0, '']);
    const waits = run('setTimeout(() => process.exit(3), 200).unref(); await events.next();');
    assert.equal(waits.status, 3, waits.stderr);
  });
});
