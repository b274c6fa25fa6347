/** One channel: its outbox, its end, and what comes too late. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CallOptions, connect } from '@isthmus/core';
import type { Codec, Service } from '@isthmus/schema';
import { compileService } from '../../../test/support/compile.ts';
import { within } from '../../../test/support/eventually.ts';
import { startInstance } from '../../../test/support/instance.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
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
      assert.deepEqual(new Set(await within(1000, Promise.all(calls))), new Set(['CLOSED']));
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
      const outcomes = await within(5000, Promise.all(calls));
      assert.ok(outcomes.every((outcome) => outcome === 'ok' || outcome === 'CLOSED'));
      assert.deepEqual(await within(1000, closed), ['CLOSED', undefined, 'CLOSED']);
    });

    it('works between synchronous calls whose other replies wait', async () => {
      await using bridge = await ProbeBridge.start({ copyReplies });
      const { client } = bridge;
      const calls = Array.from({ length: 300 }, (_, i) => outcomeOf(client.double({ value: BigInt(i) })));
      client.double.sync({ value: 1n });
      await client.$close();
      const outcomes = await within(1000, Promise.all(calls));
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
    assert.equal(await within(1000, call), 'CLOSED');
  });
});

describe('a channel', () => {
  it('drops replies that come after their call has ended, and counts them', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startProbe(folder.join('a.sock'));
    const owner = { failed() {}, unusable() {}, lost() {} };
    const channel = await Channel.open(probe, instance.socket, settingsOf({ path: instance.socket }), owner);
    try {
      const sleep = (microseconds: number) => ({
        method: probe.calls.sleep,
        form: formsOf(probe.calls.sleep).value,
        input: { microseconds, tag: 0 },
      });
      // On a machine that is held up, the handler may not even begin before the deadline: then there is no reply.
      for (let tries = 0; tries < 10 && channel.stats().lateReplies === 0; tries++) {
        assert.throws(() => channel.callSync(sleep(150_000), 50), failsWith('DEADLINE_EXCEEDED'));
        // Answered in order, so that the late reply has come by then.
        assert.deepEqual(Object.keys(channel.callSync(sleep(0), 5000) ?? {}), ['output']);
      }
      assert.equal(channel.stats().lateReplies, 1);
      assert.equal(channel.stats().inFlight, 0);
    } finally {
      channel.close();
    }
  });

  it('takes payloads larger than the outbox', async () => {
    // No struct can be so large, so codecs made by hand stand in for the schema's; the service echoes whatever it gets.
    const size = 300 * 1024;
    const source = `
#include "probe.h"
static int on_call(isth_call *call, void *user) {
  size_t size;
  const void *in = isth_call_input(call, &size);
  void *out = isth_call_output(call, size);
  (void)user;
  if (out == NULL) return ISTH_E_REPLY_TOO_LARGE;
  memcpy(out, in, size);
  return 0;
}
static int setup(isth_service *service) { return isth_service_handle(service, PROBE_METHOD_BLOB, 1 << 19, on_call, NULL); }
int main(int argc, char **argv) { return isth_service_main(argc, argv, probe_schema(), setup); }
`;
    const codec: Codec<Uint8Array> = {
      size,
      encode: (value, memory, offset) => memory.bytes.set(value, offset),
      decode: (memory, offset) => new Uint8Array(memory.bytes.subarray(offset, offset + size)),
      encodeJson: () => {},
      decodeJson: () => undefined,
    };
    const methods = probe.methods.map((method) => ({ ...method, inputCodec: codec, outputCodec: codec }));
    const large: Service = { ...probe, methods: methods as unknown as Service['methods'] };
    using folder = new TemporaryFolder();
    await using instance = await startInstance(compileUnchecked(source), folder.join('a.sock'));
    const blobOf = (client: object): ((input: Uint8Array, options?: CallOptions) => Promise<unknown>) =>
      Reflect.get(client, 'blob');
    const rings = { requestRingBytes: 2 ** 21, replyRingBytes: 2 ** 21 };
    for (const copyReplies of [false, true]) {
      await using client = await connect(large, { path: instance.socket, copyReplies, ...rings });
      const inputs = [1, 2, 3].map((fill) => new Uint8Array(size).fill(fill));
      const trace = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
      assert.deepEqual(await Promise.all(inputs.map((input) => blobOf(client)(input, { trace }))), inputs);
    }
    await using small = await connect(large, { path: instance.socket, requestRingBytes: 2 ** 19 });
    await assert.rejects(blobOf(small)(new Uint8Array(size)), failsWith('RECORD_TOO_LARGE'));
  });
});

/** A program that leaves handlers of the schema out, whose prototypes then stay without a definition. */
function compileUnchecked(source: string): string {
  return compileService(probe, `#pragma GCC diagnostic ignored "-Wunused-function"\n${source}`);
}
