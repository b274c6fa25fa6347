/** Every form of a call, over every way to wait and to read replies. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { WaitMode } from '@isthmus/core';
import { everything } from '../../../test/support/probe.ts';
import { failsWith, ProbeBridge, type ProbeClient } from './support/probe-client.ts';

const variants: readonly { readonly wait: WaitMode; readonly copyReplies: boolean }[] = [
  { wait: 'adaptive', copyReplies: false },
  { wait: 'adaptive', copyReplies: true },
  { wait: 'block', copyReplies: false },
  { wait: 'block', copyReplies: true },
  { wait: 'spin', copyReplies: false },
  { wait: 'spin', copyReplies: true },
];

for (const { wait, copyReplies } of variants) {
  describe(`a client that waits by ${wait}${copyReplies ? ' and copies replies' : ''}`, () => {
    let bridge: ProbeBridge;
    let client: ProbeClient;

    before(async () => {
      bridge = await ProbeBridge.start({ wait, copyReplies }, '--wait', wait);
      client = bridge.client;
    });
    after(() => bridge[Symbol.asyncDispose]());

    it('brings a value of every type there and back', async () => {
      assert.deepEqual(await client.echo(everything), everything);
      assert.deepEqual(client.echo.sync(everything), everything);
    });

    it('fills in defaults', async () => {
      const { bounded: _, greeting: __, ...given } = everything;
      assert.deepEqual(await client.echo(given), { ...everything, bounded: 3, greeting: 'hello' });
    });

    it('takes and gives the JSON form', async () => {
      const json = { ...everything, signed64: '-9223372036854775808', unsigned64: '18446744073709551615' };
      const reply = await client.echo.json(json);
      assert.deepEqual(reply, json);
      assert.deepEqual(JSON.parse(JSON.stringify(reply)), json);
    });

    it('takes and gives the bytes of the struct', async () => {
      const input = new Uint8Array(8);
      new DataView(input.buffer).setBigInt64(0, 21n, true);
      const output = await client.double.raw(input);
      assert.equal(new DataView(output.buffer, output.byteOffset).getBigInt64(0, true), 42n);
    });

    it('gives bytes that stay as they are when the memory they came in is used again', async () => {
      const first = await client.double.raw(new Uint8Array(8).fill(1));
      for (let i = 0; i < 20_000; i += 100) {
        await Promise.all(Array.from({ length: 100 }, () => client.double.raw(new Uint8Array(8).fill(9))));
      }
      assert.deepEqual([...first], new Array(8).fill(2));
      assert.equal(Object.getPrototypeOf(first), Uint8Array.prototype);
    });

    it('calls without input, without output, and without either', async () => {
      assert.equal(await client.ping(), undefined);
      assert.equal(client.ping.sync(undefined), undefined);
      assert.equal(await client.ping.json(undefined), undefined);
      assert.deepEqual([...(await client.ping.raw(new Uint8Array(0)))], []);
      const before = (await client.total()).value;
      assert.equal(await client.add({ value: 5n }), undefined);
      assert.equal((await client.total()).value, before + 5n);
    });

    it('brings a struct of the largest size', async () => {
      const data = 'é'.repeat(32_000);
      assert.equal((await client.blob({ data })).data, data);
      assert.equal(client.blob.sync({ data }).data, data);
      const replies = await Promise.all(Array.from({ length: 5 }, () => client.blob({ data })));
      assert.ok(replies.every((reply) => reply.data === data));
    });

    it('answers thousands of calls at once, each with its own reply', async () => {
      const replies = await Promise.all(Array.from({ length: 4000 }, (_, i) => client.double({ value: BigInt(i) })));
      for (const [i, { value }] of replies.entries()) assert.equal(value, BigInt(2 * i));
    });

    it('answers a chain of calls, each caused by the reply before', async () => {
      let value = 1n;
      for (let i = 0; i < 62; i++) value = (await client.double({ value })).value;
      assert.equal(value, 2n ** 62n);
    });

    it('passes a refusal on, with its code, name and message', async () => {
      const refused = { code: 'HANDLER_REFUSED', handlerCode: 2, handlerError: 'tooCold' };
      const detail = 'refused with 2, tödlich';
      await assert.rejects(client.refuse({ code: 2 }), { ...refused, detail });
      assert.throws(() => client.refuse.sync({ code: 2 }), { ...refused, detail });
      await assert.rejects(client.refuse({ code: 9 }), { handlerCode: 9, handlerError: undefined });
    });

    it('finds the fault of a handler that breaks its contract', async () => {
      await assert.rejects(client.badEnum(), failsWith('HANDLER_FAULT', /colour/));
      assert.throws(() => client.badEnum.sync(undefined), failsWith('HANDLER_FAULT', /colour/));
      await assert.rejects(client.badSize(), failsWith('MALFORMED_MESSAGE', /3 bytes/));
      await assert.rejects(client.badSize.raw(new Uint8Array(0)), failsWith('MALFORMED_MESSAGE', /3 bytes/));
      assert.ok(Number.isNaN((await client.notANumber()).precise));
      await assert.rejects(client.notANumber.json(undefined), failsWith('HANDLER_FAULT', /single|precise/));
    });

    it('makes a synchronous call within a continuation, while others are in flight', async () => {
      const others = Array.from({ length: 500 }, (_, i) => client.double({ value: BigInt(i) }));
      const sum = await client.double({ value: 1n }).then(({ value }) => {
        let last = value;
        for (let i = 0; i < 10; i++) last = client.double.sync({ value: last }).value;
        return last;
      });
      assert.equal(sum, 2048n);
      for (const [i, other] of others.entries()) assert.equal((await other).value, BigInt(2 * i));
    });

    it('keeps calls in order, synchronous ones among them', async () => {
      const start = (await client.total()).value;
      const added = [client.add({ value: 1n }), client.add({ value: 1n })];
      assert.equal(client.total.sync(undefined).value, start + 2n);
      await Promise.all(added);
    });

    it('makes synchronous calls while others are in flight', async () => {
      const others = Array.from({ length: 500 }, (_, i) => client.echo({ ...everything, unsigned32: i }));
      for (let i = 0; i < 50; i++) assert.equal(client.double.sync({ value: BigInt(i) }).value, BigInt(2 * i));
      for (const [i, other] of others.entries()) assert.equal((await other).unsigned32, i);
    });
  });
}

describe('a client', () => {
  it('pipelines 100,000 calls', async () => {
    await using bridge = await ProbeBridge.start({ maxInFlight: 4096 });
    const { client } = bridge;
    let next = 0;
    let sum = 0n;
    const worker = async (): Promise<void> => {
      while (next < 100_000) {
        const { value } = await client.double({ value: BigInt(next++) });
        sum += value;
      }
    };
    await Promise.all(Array.from({ length: 1024 }, worker));
    assert.equal(sum, ((99_999n * 100_000n) / 2n) * 2n);
  });

  it('gets replies out of order from a service with threads', async () => {
    await using bridge = await ProbeBridge.start({}, '--threads', '4');
    const { client } = bridge;
    assert.equal(client.$instances[0]?.lanes, 4);
    // Whether the steps are long enough for threads that are held up is the machine's to say.
    const order: number[] = [];
    for (let step = 100_000; order.join() !== '3,2,1,0' && step < 5_000_000; step *= 2) {
      order.length = 0;
      const replies = await Promise.all(
        [3, 2, 1, 0].map(async (steps, tag) => {
          const reply = await client.sleep({ microseconds: steps * step, tag }, { timeoutMs: 60_000 });
          order.push(tag);
          return reply;
        }),
      );
      assert.deepEqual(
        replies.map((reply) => reply.tag),
        [0, 1, 2, 3],
      );
      assert.equal(new Set(replies.map((reply) => reply.thread)).size, 4);
    }
    assert.deepEqual(order, [3, 2, 1, 0]);
  });

  it('names every bad field of an input, and sends nothing', async () => {
    await using bridge = await ProbeBridge.start({ maxInFlight: 8 });
    const { client } = bridge;
    const bad = { ...everything, signed8: 200, colour: 'mauve', name: 'x'.repeat(41), precise: Number.NaN };
    await assert.rejects(client.echo.json({ ...bad, surplus: 1 }), (error: unknown) => {
      assert.ok(failsWith('INVALID_INPUT')(error));
      const { fields } = error as { fields: readonly { pointer: string }[] };
      assert.deepEqual(
        fields.map((field) => field.pointer).sort(),
        // JSON has no bigint.
        ['/colour', '/name', '/precise', '/signed64', '/signed8', '/surplus', '/unsigned64'],
      );
      return true;
    });
    for (let i = 0; i < 10_000; i++) {
      await assert.rejects(client.double.json({ value: 'x' }), failsWith('INVALID_INPUT'));
    }
    assert.throws(() => client.double.sync({ value: 2n ** 63n }), failsWith('INVALID_INPUT'));
    await assert.rejects(client.double.raw(new Uint8Array(7)), failsWith('INVALID_INPUT', /8 bytes/));
    const replies = await Promise.all(Array.from({ length: 8 }, () => client.double({ value: 1n })));
    assert.ok(replies.every((reply) => reply.value === 2n));
    assert.equal(client.$instances[0]?.inFlight, 0);
  });

  it('brings the trace to the handler and tells what it learned of the call', async () => {
    await using bridge = await ProbeBridge.start();
    const { client, instance } = bridge;
    const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    const info: { callId?: bigint; instance?: string } = {};
    const context = await client.context(undefined, { trace, info, timeoutMs: 30_000 });
    assert.equal(context.traceId, trace.traceId);
    assert.equal(context.spanId, trace.spanId);
    assert.ok(context.remainingNs > 0n && context.remainingNs <= 30_000_000_000n);
    assert.deepEqual(info, { callId: context.callId, instance: instance.socket });
    assert.equal((await client.context()).traceId, '0'.repeat(32));
    for (const traceId of ['', 'x'.repeat(32), trace.traceId.slice(1)]) {
      await assert.rejects(client.context(undefined, { trace: { ...trace, traceId } }), failsWith('INVALID_ARGUMENT'));
    }
  });

  it('survives an info that cannot be written to', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const info = Object.freeze({});
    const outcomes = await Promise.allSettled([client.double({ value: 1n }, { info }), client.double({ value: 2n })]);
    assert.equal(outcomes[0].status, 'rejected');
    assert.deepEqual(outcomes[1], { status: 'fulfilled', value: { value: 4n } });
  });

  it('tells of its instances', async () => {
    await using bridge = await ProbeBridge.start();
    const { client, instance } = bridge;
    assert.deepEqual(client.$instances, [
      { path: instance.socket, pid: instance.pid, inFlight: 0, lanes: 1, adapted: false, draining: false },
    ]);
    const call = client.sleep({ microseconds: 20_000, tag: 0 });
    assert.equal(client.$instances[0]?.inFlight, 1);
    await call;
    assert.equal(client.$service.name, 'probe');
  });
});
