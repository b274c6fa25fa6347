/** One channel: its outbox, its end, and what comes too late. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '@isthmus/core';
import { within } from '../../../test/support/eventually.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { kinds, startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { Channel } from '../src/channel.ts';
import { formsOf } from '../src/form.ts';
import { settingsOf } from '../src/options.ts';
import { failsWith, outcomeOf, ProbeBridge } from './support/probe-client.ts';

for (const copyReplies of [false, true]) {
  describe(`closing a client${copyReplies ? ' that copies replies' : ''}`, () => {
    it('ends the calls in flight with CLOSED, and every later one', async () => {
      await using bridge = await ProbeBridge.start({ copyReplies });
      const { client } = bridge;
      const calls = Array.from({ length: 50 }, () => outcomeOf(client.sleep({ microseconds: 10_000, tag: 0 })));
      await client.$close();
      assert.deepEqual(new Set(await within(60_000, Promise.all(calls))), new Set(['CLOSED']));
      assert.equal(await outcomeOf(client.ping()), 'CLOSED');
      assert.throws(() => client.ping.sync(undefined), failsWith('CLOSED'));
      assert.deepEqual(client.$instances, []);
      await client.$close();
    });

    it('works within a continuation, with replies still to be handed out', async () => {
      await using bridge = await ProbeBridge.start({ copyReplies });
      const { client } = bridge;
      const calls = Array.from({ length: 1000 }, (_, i) => outcomeOf(client.double({ value: BigInt(i) })));
      const closed = client.double({ value: 1n }).then(() => {
        const during = outcomeOf(client.double({ value: 1n }));
        const closing = client.$close();
        return Promise.all([during, closing, outcomeOf(client.double({ value: 1n }))]);
      });
      const outcomes = await within(60_000, Promise.all(calls));
      assert.ok(outcomes.every((outcome) => outcome === 'ok' || outcome === 'CLOSED'));
      assert.deepEqual(await within(60_000, closed), ['CLOSED', undefined, 'CLOSED']);
    });

    it('works between synchronous calls whose other replies wait', async () => {
      await using bridge = await ProbeBridge.start({ copyReplies });
      const { client } = bridge;
      const calls = Array.from({ length: 300 }, (_, i) => outcomeOf(client.double({ value: BigInt(i) })));
      client.double.sync({ value: 1n });
      await client.$close();
      const outcomes = await within(60_000, Promise.all(calls));
      assert.deepEqual(new Set(outcomes), new Set(['CLOSED']));
    });
  });
}

describe('a client that is disposed', () => {
  it('is closed at the end of its block', async () => {
    await using bridge = await ProbeBridge.start();
    let call: Promise<string>;
    {
      await using client = await connect(probe, { path: bridge.instance.socket });
      call = outcomeOf(client.sleep({ microseconds: 100_000, tag: 0 }));
    }
    assert.equal(await within(60_000, call), 'CLOSED');
  });
});

describe('a channel', () => {
  it('drops replies that come after their call has ended, and counts them', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startProbe(folder.join('a.sock'));
    const owner = { failed() {}, unusable() {}, draining() {}, drained() {}, lost() {} };
    const channel = await Channel.open(probe, instance.socket, settingsOf({ path: instance.socket }), owner);
    try {
      const { value: form } = formsOf(probe.calls.sleep);
      const sleep = (microseconds: number, timeoutMs: number) =>
        channel.callSync(form, { microseconds, tag: 0 }, timeoutMs);
      // On a machine that is held up, the handler may not even begin before the deadline: then there is no reply.
      for (let tries = 0; tries < 10 && channel.stats().lateReplies === 0; tries++) {
        assert.throws(() => sleep(1_500_000, 50), failsWith('DEADLINE_EXCEEDED'));
        // Answered in order, so that the late reply has come by then.
        assert.deepEqual(Object.keys(sleep(0, 60_000) ?? {}), ['output']);
      }
      assert.equal(channel.stats().lateReplies, 1);
      assert.equal(channel.stats().inFlight, 0);
    } finally {
      channel.close();
    }
  });

  it('sends what the outbox has no room for, in the order in which it was given', async () => {
    for (const copyReplies of [false, true]) {
      await using bridge = await ProbeBridge.start({ copyReplies, requestRingBytes: 2 ** 21, replyRingBytes: 2 ** 21 });
      const { client, instance } = bridge;
      const trace = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
      // One takes most of the outbox, one all of it, one more than all; within a continuation they gather there.
      const sizes = [200_000, 256 * 1024 - 64, 300_000, 10, 262_144, 100];
      const inputs = sizes.map((size, fill) => Buffer.alloc(size, fill));
      const replies = await client.ping().then(() => Promise.all(inputs.map((input) => client.flip(input, { trace }))));
      for (const [i, input] of inputs.entries()) assert.ok(input.equals(replies[i] ?? input.subarray(1)));
      assert.ok(inputs.every((input) => input.equals(client.flip.sync(input))));
      await using small = await connect(probe, { path: instance.socket, requestRingBytes: 2 ** 19 });
      const tooLarge = failsWith('RECORD_TOO_LARGE', /flip has 300000 bytes; requestRingBytes allows 262080/);
      await assert.rejects(small.flip(Buffer.alloc(300_000)), tooLarge);
      assert.throws(() => small.flip.sync(Buffer.alloc(300_000)), tooLarge);
      assert.equal((await small.flip(Buffer.alloc(262_080))).length, 262_080);
    }
  });

  it('lets the getters of an input make calls of their own', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const others: Promise<unknown>[] = [];
    // In the middle of the fields, so that some are written before and some after.
    const busy = Object.defineProperty({ ...kinds }, 'title', {
      enumerable: true,
      get() {
        others.push(client.double({ value: 4n }), client.flip(Buffer.alloc(250_000)), client.note({ value: 1n }));
        assert.equal(client.double.sync({ value: 5n }).value, 10n);
        assert.deepEqual(client.kinds.sync(kinds), kinds);
        return kinds.title;
      },
    });
    assert.deepEqual(client.kinds.sync(busy), kinds);
    assert.deepEqual(await client.kinds(busy), kinds);
    const within = await client.ping().then(() => Promise.all([client.kinds(busy), client.kinds(busy)]));
    assert.deepEqual(within, [kinds, kinds]);
    const outcomes = await Promise.all(others);
    assert.deepEqual(outcomes[0], { value: 8n });
    assert.equal((await client.total()).value, BigInt(others.length / 3));
    assert.equal(client.$instances[0]?.inFlight, 0);
  });
});
