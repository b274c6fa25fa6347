import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AttachOptions, attach } from '@isthmus/core';
import { Boiler, guardNames, type Peer, startPeer, structAt } from './support/peer.ts';

function optionsOf({ place }: Peer): AttachOptions {
  return { ...place.source, guard: place.guard, offset: structAt, writable: true, timeoutMs: 60_000 };
}

/** Adds 1 to `alarms`, and by `more` to the setpoint. */
function increase(bytes: Uint8Array, more = 0): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(8, view.getUint32(8, true) + 1, true);
  view.setInt32(22, view.getInt32(22, true) + more, true);
  return bytes;
}

describe('updating a segment', () => {
  it('loses nothing that others write in between', async () => {
    for (const guard of guardNames.filter((name) => name !== 'none')) {
      await using peer = await startPeer('systemV', guard);
      await using one = await attach(Boiler, optionsOf(peer));
      await using other = await attach(Boiler, optionsOf(peer));
      const updates = Array.from({ length: 60 }, (_, index) =>
        (index % 2 === 0 ? one : other).untyped.update(undefined, (bytes) => increase(bytes, 2)),
      );
      await Promise.all(updates);
      assert.equal(await peer.ask('show'), 'B-7 60 0 0 120', guard);
    }
  });

  it('loses nothing that a program writes in between', async () => {
    // Those who take a seqlock's counter without looking, as this program does, must be the only ones to write.
    for (const guard of guardNames.filter((name) => !['none', 'seqlock'].includes(name))) {
      await using peer = await startPeer('posix', guard);
      await using boiler = await attach(Boiler, optionsOf(peer));
      // Fewer than the times that an update is made anew.
      const adding = peer.tell('add 90');
      for (let updates = 0; updates < 60; updates++) {
        await boiler.untyped.update(undefined, (bytes) => {
          const view = new DataView(bytes.buffer, bytes.byteOffset);
          view.setInt32(22, view.getInt32(22, true) + 1, true);
          return bytes;
        });
      }
      await adding;
      assert.equal(await peer.ask('show'), 'B-7 90 0 0 60', guard);
    }
  });

  it('writes nothing where nothing changes', async () => {
    await using peer = await startPeer('posix', 'seqlock');
    await using boiler = await attach(Boiler, optionsOf(peer));
    const { epoch, version } = await boiler.read();
    const stamp = await boiler.untyped.update(undefined, (bytes) => bytes);
    assert.deepEqual([stamp.epoch, stamp.version], [epoch, version]);
    assert.equal((await boiler.untyped.update(undefined, increase)).version, version + 1n);
  });

  it('keeps to the version that is expected', async () => {
    await using peer = await startPeer('systemV', 'mutex');
    await using boiler = await attach(Boiler, optionsOf(peer));
    const before = await boiler.read();
    const after = await boiler.untyped.update(undefined, increase, { expected: before });
    const code = 'REGION_CONFLICT';
    await assert.rejects(boiler.untyped.update(undefined, increase, { expected: before }), { code });
    await assert.rejects(
      boiler.untyped.update(undefined, (bytes) => bytes, { expected: before }),
      { code },
    );
    await assert.rejects(boiler.untyped.update(undefined, increase, { expected: 'none' }), { code });
    await boiler.untyped.update(undefined, increase, { expected: after });
    assert.equal(await boiler.get('alarms'), 2);
  });

  it('gives up where somebody else always writes first', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    await using boiler = await attach(Boiler, optionsOf(peer));
    await using other = await attach(Boiler, optionsOf(peer));
    let attempts = 0;
    const beaten = boiler.untyped.update(undefined, (bytes) => {
      attempts += 1;
      // Its try comes at once, in the same turn of the event loop.
      void other.set('alarms', attempts);
      return increase(bytes, 1);
    });
    await assert.rejects(beaten, { code: 'REGION_BUSY' });
    assert.equal(attempts, 100);
    assert.equal(await boiler.get('setpoint'), 0);
  });

  it('changes only what can be changed in one piece, where nothing guards it', async () => {
    await using peer = await startPeer('systemV', 'none');
    await using boiler = await attach(Boiler, optionsOf(peer));
    await boiler.untyped.update(undefined, increase);
    assert.equal(await boiler.get('alarms'), 1);
    await assert.rejects(
      boiler.untyped.update(undefined, (bytes) => increase(bytes, 1)),
      { code: 'INVALID_ARGUMENT', detail: /^setpoint is not 1, 2, 4 or 8 aligned bytes/ },
    );
    assert.equal(await boiler.get('alarms'), 1, 'nothing of it was written');
    const expected = await boiler.read();
    await assert.rejects(boiler.untyped.update(undefined, increase, { expected }), { code: 'INVALID_ARGUMENT' });
  });

  it('takes bytes of the struct, and no others', async () => {
    await using peer = await startPeer('systemV', 'systemVSemaphore');
    await using boiler = await attach(Boiler, optionsOf(peer));
    const detail = 'the struct has 26 bytes, not 3';
    const code = 'INVALID_ARGUMENT';
    await assert.rejects(
      boiler.untyped.update(undefined, () => new Uint8Array(3)),
      { code, detail },
    );
    await assert.rejects(boiler.untyped.write(new Uint8Array(3)), { code, detail });
    await assert.rejects(boiler.untyped.update('key', increase), { code });
    await assert.rejects(
      boiler.untyped.update(undefined, () => {
        throw new RangeError('mine');
      }),
      RangeError,
    );
    await boiler.untyped.write(new Uint8Array(26).fill(1, 8, 12));
    assert.equal(await boiler.get('alarms'), 0x0101_0101);
  });
});
