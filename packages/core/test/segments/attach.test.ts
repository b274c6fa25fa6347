import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { attach } from '@isthmus/core';
import { optional, struct, text, u32, u64 } from '@isthmus/schema';
import { eventually } from '../../../../test/support/eventually.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import {
  Boiler,
  guardNames,
  type Kind,
  magic,
  Peer,
  placeOf,
  randomName,
  startPeer,
  structAt,
} from './support/peer.ts';

const kinds: readonly Kind[] = ['systemV', 'posix', 'file'];
const usual = { offset: structAt, writable: true, timeoutMs: 60_000 };
const magicBytes = Buffer.from(magic);

describe('attach', () => {
  for (const kind of kinds) {
    for (const guard of guardNames) {
      it(`shares a ${kind} segment with a C program, guarded by ${guard}`, async () => {
        await using peer = await startPeer(kind, guard);
        const { source, guard: options } = peer.place;
        await using boiler = await attach(Boiler, {
          ...source,
          ...usual,
          guard: options,
          magic: { bytes: magicBytes },
        });
        await peer.tell('write 4660');
        const { value, version, epoch } = await boiler.read();
        assert.deepEqual(value, { tag: 'B-7', alarms: 4660, pressure: 4660, level: 4660, setpoint: 4660 });
        assert.equal(await boiler.get('pressure'), 4660);
        assert.equal(await boiler.get('tag'), 'B-7');

        const written = await boiler.write({ ...value, tag: 'B-8', level: -0.5, setpoint: -7 });
        assert.equal(await peer.ask('show'), 'B-8 4660 4660 -0.5 -7');
        assert.equal(written.epoch, epoch);
        assert.notEqual(written.version, version);
        assert.equal((await boiler.read()).version, written.version);
        await boiler.set('pressure', 513);
        assert.equal(await peer.ask('show'), 'B-8 4660 513 -0.5 -7');
        assert.deepEqual([boiler.isLive, boiler.isWritable], [true, true]);
      });
    }
  }

  it('never sees half of what a program writes under a guard', async () => {
    for (const guard of guardNames.filter((name) => name !== 'none')) {
      await using peer = await startPeer('systemV', guard);
      const { source, guard: options } = peer.place;
      await using boiler = await attach(Boiler, { ...source, ...usual, guard: options });
      const versions = new Set<bigint>();
      // Again where it was held up for the whole time.
      for (let attempts = 0; versions.size < 2 && attempts < 10; attempts++) {
        const running = peer.tell('run 300');
        let isOver = false;
        void running.finally(() => {
          isOver = true;
        });
        while (!isOver) {
          const { value, version } = await boiler.read();
          assert.deepEqual(
            [value.alarms % 65_536, value.level, value.setpoint],
            [value.pressure, value.alarms, value.alarms],
          );
          versions.add(version);
          await new Promise(setImmediate);
        }
        await running;
      }
      assert.ok(versions.size > 1, `${guard}: it changed meanwhile, ${versions.size} times`);
    }
  });

  it('writes only where that was asked for', async () => {
    await using peer = await startPeer('posix', 'posixSemaphore');
    const { source, guard } = peer.place;
    await using boiler = await attach(Boiler, { ...source, guard, offset: structAt });
    assert.equal(boiler.isWritable, false);
    await assert.rejects(boiler.set('alarms', 1), { code: 'REGION_READ_ONLY' });
    await assert.rejects(boiler.write((await boiler.read()).value), { code: 'REGION_READ_ONLY' });
    await assert.rejects(
      boiler.untyped.update(undefined, (bytes) => bytes),
      { code: 'REGION_READ_ONLY' },
    );
    assert.equal(await peer.ask('show'), 'B-7 0 0 0 0');
  });

  it('writes on the condition of a version', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    const { source, guard } = peer.place;
    await using boiler = await attach(Boiler, { ...source, ...usual, guard });
    const before = await boiler.read();
    const after = await boiler.set('setpoint', 3, { expected: before });
    await assert.rejects(boiler.set('setpoint', 4, { expected: before }), { code: 'REGION_CONFLICT' });
    await assert.rejects(boiler.write(before.value, { expected: before }), { code: 'REGION_CONFLICT' });
    await assert.rejects(boiler.write(before.value, { expected: 'none' }), { code: 'REGION_CONFLICT' });
    const elsewhere = { ...after, epoch: after.epoch + 1n };
    await assert.rejects(boiler.write(before.value, { expected: elsewhere }), { code: 'REGION_CONFLICT' });
    const beyond = { ...after, version: after.version + 2n ** 64n };
    await assert.rejects(boiler.write(before.value, { expected: beyond }), { code: 'REGION_CONFLICT' });
    // @ts-expect-error What the compiler does not see must not be taken for no condition.
    await assert.rejects(boiler.write(before.value, { expected: {} }), { code: 'INVALID_ARGUMENT' });
    assert.equal(await peer.ask('show'), 'B-7 0 0 0 3');
    await boiler.write(before.value, { expected: after });
    assert.equal((await boiler.read()).version, before.version, 'equal bytes are an equal version');
  });

  it('has no version to expect, and only scalars to set, where nothing guards them', async () => {
    await using peer = await startPeer('systemV', 'none');
    await using boiler = await attach(Boiler, { ...peer.place.source, ...usual });
    await boiler.set('alarms', 7);
    await assert.rejects(boiler.set('level', 1), {
      code: 'INVALID_ARGUMENT',
      detail: 'level is not 1, 2, 4 or 8 aligned bytes, so without a guard others may see half of it: name a guard',
    });
    const { version, epoch, value } = await boiler.read();
    await assert.rejects(boiler.write(value, { expected: { version, epoch } }), { code: 'INVALID_ARGUMENT' });
    await boiler.write({ ...value, level: 2 });
    assert.equal(await peer.ask('show'), 'B-7 7 0 2 0');
  });

  it('reads into memory of the caller', async () => {
    await using peer = await startPeer('file', 'flock');
    const { source, guard } = peer.place;
    await using boiler = await attach(Boiler, { ...source, ...usual, guard });
    await peer.tell('write 258');
    const target = new Uint8Array(Boiler.layout.size + 2).fill(9);
    const { version } = await boiler.readInto(target);
    assert.deepEqual([...target.subarray(8, 14), ...target.subarray(-2)], [2, 1, 0, 0, 1, 2, 9, 9]);
    assert.equal(version, (await boiler.read()).version);
    // As a program without types calls it.
    for (const bad of [new Uint8Array(25), undefined, new DataView(new ArrayBuffer(26))]) {
      await assert.rejects(Reflect.apply(boiler.readInto, boiler, [bad]), {
        code: 'INVALID_ARGUMENT',
        detail: 'the target must be a Uint8Array of at least 26 bytes',
      });
    }
  });

  it('sets and takes away what is optional, and leaves the rest as it is', async () => {
    const Notes = struct('Notes', { first: optional(u32()), second: optional(u64()), note: optional(text(9)) });
    await using peer = await startPeer('posix', 'posixSemaphore');
    const { source, guard } = peer.place;
    await using notes = await attach(Notes, { ...source, ...usual, guard, offset: 1024 });
    assert.deepEqual((await notes.read()).value, { first: undefined, second: undefined, note: undefined });
    await notes.set('note', 'hello');
    await notes.set('second', 2n ** 63n);
    assert.deepEqual((await notes.read()).value, { first: undefined, second: 2n ** 63n, note: 'hello' });
    assert.equal(await notes.get('note'), 'hello');
    const { version } = await notes.set('note', undefined);
    assert.deepEqual((await notes.read()).value, { first: undefined, second: 2n ** 63n, note: undefined });
    assert.equal((await notes.set('note', undefined)).version, version, 'nothing to write');
    await assert.rejects(notes.set('note', 'too long a note'), { code: 'INVALID_INPUT' });
  });

  it('sets what is optional without touching what lies behind a text', async () => {
    const Named = struct('Named', { maybe: optional(u32()), name: text(9) });
    using folder = new TemporaryFolder();
    const file = folder.join('segment');
    const { fields } = Named.layout;
    const at = fields.find(({ name }) => name === 'name')?.offset ?? 0;
    const bytes = Buffer.alloc(Named.layout.size);
    bytes.write('A\0old text', at, 'latin1');
    writeFileSync(file, bytes);
    await using named = await attach(Named, { file, writable: true });
    await named.set('maybe', 5);
    assert.deepEqual((await named.read()).value, { maybe: 5, name: 'A' });
    assert.equal(readFileSync(file).toString('latin1', at, at + 10), 'A\0old text');
  });

  it('says of bytes that are no value that they are none', async () => {
    await using peer = await startPeer('systemV', 'none');
    const Text = struct('Text', { magic: text(3), rest: u32() });
    await using wrong = await attach(Text, { ...peer.place.source });
    await assert.rejects(wrong.read(), {
      code: 'HANDLER_FAULT',
      fields: [{ pointer: '/magic', message: 'must be text of at most 3 bytes in UTF-8, without NUL, terminated' }],
    });
    await assert.rejects(wrong.get('magic'), { code: 'HANDLER_FAULT' });
    assert.equal(await wrong.get('rest'), 0, 'the other fields can be read');
  });

  it('refuses what cannot be', async () => {
    const Endless = struct('Endless', { name: text() });
    const code = 'INVALID_ARGUMENT';
    await assert.rejects(attach(Endless, { posix: '/x' }), {
      code,
      detail: 'Endless must have a fixed size: no text(), bytes() or list() without a length',
    });
    await assert.rejects(attach(Boiler, { posix: 'x', offset: -1 }), {
      code,
      detail:
        "posix: must be a name such as /name, not 'x'; offset: must be a whole number from 0 to 9007199254740991, not -1",
    });
  });

  it('ends with detach, for all who use it', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    const { source, guard } = peer.place;
    const boiler = await attach(Boiler, { ...source, ...usual, guard });
    await peer.tell('lock');
    const reads = [boiler.read(), boiler.get('alarms')].map((read) => read.then(String, ({ code }) => code));
    const detached = boiler.detach();
    await peer.tell('unlock');
    // The one that has begun is finished first.
    assert.deepEqual(await Promise.all(reads), ['[object Object]', 'CLOSED']);
    await detached;
    await boiler.detach();
    await assert.rejects(boiler.read(), { code: 'CLOSED' });
    assert.equal(boiler.isLive, false);
  });

  it('is there once the program is, where that may come later', async () => {
    const place = placeOf('posix', 'posixSemaphore');
    await using peer = new Peer(place);
    const options = { ...place.source, ...usual, guard: place.guard };
    await assert.rejects(attach(Boiler, options), { code: 'SEGMENT_MISSING' });
    await using boiler = await attach(Boiler, { ...options, lazy: true });
    assert.equal(boiler.isLive, false);
    await assert.rejects(boiler.read(), { code: 'SEGMENT_MISSING' });
    await peer.tell('make');
    await eventually('it is found', () => boiler.isLive);
    assert.equal((await boiler.read()).value.tag, 'B-7');
  });

  it('names what is missing', async () => {
    const name = `/${randomName()}`;
    await assert.rejects(attach(Boiler, { posix: name }), { code: 'SEGMENT_MISSING', detail: new RegExp(name) });
    await assert.rejects(attach(Boiler, { file: `/tmp${name}` }), { code: 'SEGMENT_MISSING' });
    await assert.rejects(attach(Boiler, { systemV: { id: 2 ** 31 - 1 } }), { code: 'SEGMENT_MISSING' });
    await assert.rejects(attach(Boiler, { fd: 999_999 }), {
      code: 'INVALID_ARGUMENT',
      detail: /^the descriptor 999999 /,
    });
  });
});
