/** What the addon makes of metadata that core would never encode: an error, and nothing is sent. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Control, loadNative, type NativeChannel, outboxAlign, Trait, waitModes } from '@isthmus/native';
import { errors } from '@isthmus/schema';
import fc from 'fast-check';
import type { Instance } from '../../../test/support/instance.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';

const invalid = -errors.INVALID_ARGUMENT.number;
const timeoutMs = 60_000;
const { id } = probe.calls.ping;

const folder = new TemporaryFolder();
let instance: Instance;
let channel: NativeChannel;
before(async () => {
  instance = await startProbe(folder.join('a.sock'));
  channel = await loadNative().open(
    instance.socket,
    undefined,
    {
      requestRingBytes: 0,
      replyRingBytes: 0,
      maxInFlight: 16,
      wait: waitModes.block,
      spinNs: 0,
      connectTimeoutMs: timeoutMs,
      streamWindowBytes: 0,
      copy: 0,
    },
    () => {},
    () => {},
  );
});
after(async () => {
  channel.close();
  await instance[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** One entry, whose header may say what is not so. */
const entry = (key: number, bytes: number, text: string): Uint8Array =>
  Buffer.from([key & 255, key >> 8, bytes & 255, bytes >> 8, ...Buffer.from(text)]);

const send = (metadata: Uint8Array): number =>
  channel.send(0, id, 0, new Uint8Array(0), timeoutMs, undefined, metadata);

describe('metadata', () => {
  const wrong: readonly [string, Uint8Array][] = [
    ['half a header', Buffer.from([1, 0])],
    ['a text that is cut off', entry(1, 5, 'abcd')],
    ['no room for the padding', entry(1, 3, 'abc')],
    ['an unknown key', entry(9, 4, 'abcd')],
    ['a key twice', Buffer.concat([entry(1, 4, 'abcd'), entry(1, 4, 'abcd')])],
    ['a fifth entry', Buffer.concat([1, 2, 3, 4, 4].map((key) => entry(key, 4, 'abcd')))],
    ['a NUL', entry(1, 4, 'ab\0d')],
    ['no UTF-8', Buffer.from([1, 0, 4, 0, 0xff, 0xfe, 0x41, 0x42])],
    ['more than there may be', Buffer.concat([entry(1, 5000, 'x'.repeat(5000))])],
  ];

  for (const [what, metadata] of wrong) {
    it(`is refused: ${what}`, () => {
      const before = channel.stats();
      assert.equal(send(metadata), invalid);
      // What is no entry at all is thrown, and what the library refuses is the call's status.
      let status = invalid;
      try {
        status = channel.callSync(id, 0, timeoutMs, metadata);
      } catch (error) {
        assert.ok(error instanceof Error && 'status' in error && error.status === invalid);
      }
      assert.equal(status, invalid);
      assert.deepEqual(channel.stats(), before);
    });
  }

  it('of any bytes is taken or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (bytes, first) => {
        bytes.set([(first % 4) + 1, 0, first & ~3, 0].slice(0, bytes.length));
        let status = invalid;
        try {
          status = channel.callSync(id, 0, timeoutMs, bytes);
        } catch (error) {
          assert.ok(error instanceof Error && 'status' in error && error.status === invalid);
        }
        assert.ok(status === 0 || status === invalid);
      }),
    );
  });

  it('that is said to be longer than the outbox is never read', () => {
    const before = channel.stats();
    const outbox = new DataView(channel.outbox);
    const control = new Int32Array(channel.control);
    for (const bytes of [1, 64, 4096, 2 ** 18, 2 ** 31, 2 ** 32 - 1]) {
      outbox.setUint32(0, 0, true);
      outbox.setUint32(4, id, true);
      outbox.setUint32(8, 0, true);
      outbox.setUint32(12, Trait.metadata, true);
      outbox.setFloat64(16, timeoutMs, true);
      outbox.setUint32(48, bytes, true);
      control[Control.outboxBytes] = outboxAlign;
      assert.equal(channel.flush(), 0);
    }
    assert.deepEqual(channel.stats(), before);
    assert.equal(channel.callSync(id, 0, timeoutMs), 0);
  });
});
