/** Calls with many replies: order, back-pressure, endings of every kind, and what they do to other calls. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallInfo, connect, type WaitMode } from '@isthmus/core';
import { errors } from '@isthmus/schema';
import { eventually, within } from '../../../test/support/eventually.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { isAsleep } from '../../../test/support/stop-process.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { failsWith, outcomeOf, ProbeBridge, type ProbeClient } from './support/probe-client.ts';

const waits: readonly WaitMode[] = ['adaptive', 'block', 'spin'];
const endless = 4_000_000_000;

/** What a stream gave, and how it ended. */
async function drain(stream: AsyncIterable<{ readonly number: number }>): Promise<{ numbers: number[]; end: string }> {
  const numbers: number[] = [];
  const end = await outcomeOf(
    (async () => {
      for await (const { number } of stream) numbers.push(number);
    })(),
  );
  return { numbers, end };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Resolves once every handler of a burst has returned. */
function allEnded(client: ProbeClient): Promise<void> {
  return eventually('all bursts to end', async () => {
    const { begun, ended } = await client.bursts();
    return begun === ended;
  });
}

/** Resolves with how many rows were emitted, once no more are. */
async function stalledAt(client: ProbeClient): Promise<number> {
  const { pid } = client.$instances[0] ?? assert.fail('no instance');
  let last = -1n;
  await eventually('the handler to stall', async () => {
    const before = last;
    last = (await client.bursts()).rows;
    await sleep(30);
    // A thread that only waits for the CPU will go on.
    return last === before && isAsleep(pid);
  });
  return Number(last);
}

for (const wait of waits) {
  describe(`many replies to a client that waits by ${wait}`, () => {
    it('come in order and completely', async () => {
      await using bridge = await ProbeBridge.start({ wait });
      const { client } = bridge;
      assert.deepEqual(await drain(client.burst({ count: 20_000 })), { numbers: upTo(20_000), end: 'ok' });
      assert.equal(client.$instances[0]?.inFlight, 0);
    });

    it('come no faster than they are taken, and all the rest at once when they are', async () => {
      await using bridge = await ProbeBridge.start({ wait });
      const { client } = bridge;
      const stream = client.burst({ count: 2000, textBytes: 1000 });
      assert.equal((await stream.next()).value?.number, 0);
      // A record of 1,064 bytes or somewhat more each, a window of 256 KiB.
      const rows = await stalledAt(client);
      assert.ok(rows > 100 && rows < 260, `${rows} rows`);
      // Other calls are not held up meanwhile: they would not be answered before their deadline.
      await Promise.all(Array.from({ length: 4000 }, (_, i) => client.double({ value: BigInt(i) })));
      for (let i = 0; i < 100; i++) client.double.sync({ value: 1n });
      assert.equal(await stalledAt(client), rows);
      assert.deepEqual(await drain(stream), { numbers: upTo(2000).slice(1), end: 'ok' });
    });

    it('come no faster while only synchronous calls are made', async () => {
      await using bridge = await ProbeBridge.start({ wait });
      const { client } = bridge;
      const stream = client.burst({ count: 2000, textBytes: 1000 });
      const first = stream.next();
      for (let i = 0; i < 2000; i++) client.double.sync({ value: 1n });
      const { rows } = client.bursts.sync(undefined);
      assert.ok(rows < 260n, `${rows} rows`);
      assert.equal((await first).value?.number, 0);
      assert.deepEqual(await drain(stream), { numbers: upTo(2000).slice(1), end: 'ok' });
    });
  });
}

// Long times, so that none is missed only because something else has the CPU.
describe('the deadline of many replies', { concurrency: true }, () => {
  it('is for each of them', async () => {
    await using bridge = await ProbeBridge.start();
    const steady = bridge.client.burst({ count: 4, pauseMicroseconds: 1_500_000 }, { timeoutMs: 5000 });
    assert.deepEqual(await drain(steady), { numbers: upTo(4), end: 'ok' });
  });

  it('ends them when the next is late, and not before its time', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const started = performance.now();
    const late = client.burst({ count: 3, pauseMicroseconds: 4_000_000 }, { timeoutMs: 100 });
    assert.deepEqual(await drain(late), { numbers: [], end: 'DEADLINE_EXCEEDED' });
    assert.ok(performance.now() - started >= 100);
    await allEnded(client);
    assert.equal((await client.bursts()).lastError, -errors.CANCELLED.number);
  });

  it('does not pass while nobody takes them', async () => {
    await using bridge = await ProbeBridge.start({ streamWindowBytes: 1024 });
    const stream = bridge.client.burst({ count: 3, textBytes: 1000 }, { timeoutMs: 8000 });
    assert.equal((await stream.next()).value?.number, 0);
    await sleep(8500);
    assert.deepEqual(await drain(stream), { numbers: [1, 2], end: 'ok' });
  });
});

describe('a call with many replies', () => {
  it('is not made before the first is asked for, and ends with what the handler ends with', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const stream = client.burst({ count: 10, failAfter: 3, failCode: 2 });
    await sleep(20);
    assert.equal((await client.bursts()).begun, 0);
    const info: CallInfo = {};
    const refused = client.burst({ count: 10, failAfter: 3, failCode: 2 }, { info });
    for (const number of upTo(3)) assert.equal((await refused.next()).value?.number, number);
    assert.deepEqual(info.instance, bridge.instance.socket);
    assert.ok(info.callId !== undefined && info.callId > 0n);
    const refusal = { code: 'HANDLER_REFUSED', handlerError: 'tooCold', detail: 'failed after 3 rows' };
    await assert.rejects(refused.next(), refusal);
    assert.deepEqual(await refused.next(), { value: undefined, done: true });
    const failed = await drain(client.burst({ count: 10, failAfter: 2, failCode: -errors.NO_INSTANCE.number }));
    assert.deepEqual(failed, { numbers: upTo(2), end: 'NO_INSTANCE' });
    assert.deepEqual(await stream.return(undefined), { value: undefined, done: true });
    assert.equal((await client.bursts()).begun, 2);
  });

  it('says what is wrong with its input or options when the first reply is asked for', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    assert.equal((await drain(client.burst({ count: -1 }))).end, 'INVALID_INPUT');
    assert.equal((await drain(client.burst({ count: 1 }, { timeoutMs: 0 }))).end, 'INVALID_ARGUMENT');
    assert.equal((await drain(client.burst({ count: 1 }, { signal: AbortSignal.abort() }))).end, 'CANCELLED');
    await client.$close();
    assert.equal((await drain(client.burst({ count: 1 }))).end, 'CLOSED');
  });

  const endings: readonly {
    readonly name: string;
    end(stream: AsyncGenerator, controller: AbortController): unknown;
  }[] = [
    { name: 'return', end: (stream) => stream.return(undefined) },
    { name: 'throw', end: (stream) => stream.throw(new Error('mine')).catch(() => {}) },
    { name: 'an AbortSignal', end: (_, controller) => controller.abort() },
    { name: 'disposal', end: (stream) => stream[Symbol.asyncDispose]() },
  ];
  for (const { name, end } of endings) {
    for (const copyReplies of [false, true]) {
      it(`is ended by ${name}, and its handler told${copyReplies ? ', replies copied' : ''}`, async () => {
        await using bridge = await ProbeBridge.start({ copyReplies });
        const { client } = bridge;
        // Stalled, busy, and silent.
        const inputs = [
          { count: endless, textBytes: 1000 },
          { count: endless, pauseMicroseconds: 100 },
          { count: 3, pauseMicroseconds: 1_500_000 },
        ];
        for (const [at, input] of inputs.entries()) {
          const controller = new AbortController();
          const stream = client.burst(input, { signal: controller.signal });
          if (at < 2) await stream.next();
          if (at === 0) await stalledAt(client);
          const waiting = at === 2 ? outcomeOf(stream.next()) : undefined;
          await sleep(5);
          await end(stream, controller);
          if (waiting !== undefined) assert.equal(await waiting, name === 'an AbortSignal' ? 'CANCELLED' : 'ok');
          assert.equal(client.$instances[0]?.inFlight, 0);
          const next = at < 2 && name === 'an AbortSignal' ? 'CANCELLED' : 'ok';
          assert.equal(await outcomeOf(stream.next()), next);
          assert.deepEqual(await stream.next(), { value: undefined, done: true });
          await allEnded(client);
          assert.equal((await client.bursts()).lastError, -errors.CANCELLED.number);
        }
        assert.equal((await client.double({ value: 2n })).value, 4n);
      });
    }
  }

  it('ends here, whatever its handler does after it was told', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const stream = client.burst({ count: 100_000, ignoreCancel: true, textBytes: 100 });
    for await (const { number } of stream) if (number === 10) break;
    assert.deepEqual(await drain(client.burst({ count: 100 })), { numbers: upTo(100), end: 'ok' });
    await allEnded(client);
    assert.equal(client.$instances[0]?.inFlight, 0);
  });

  it('has its credit and its end told as soon as there is room, where the ring was full', async () => {
    await using bridge = await ProbeBridge.start({ requestRingBytes: 4096 });
    const { client, instance } = bridge;
    await using other = await connect(probe, { path: instance.socket });
    const fill = async (): Promise<void> => {
      instance.kill('SIGSTOP');
      let outcome = 'ok';
      while (outcome === 'ok') outcome = await outcomeOf(client.note({ value: 1n }));
      assert.equal(outcome, 'RING_FULL');
    };
    const stream = client.burst({ count: 1000, textBytes: 1000 });
    await stream.next();
    const rows = await stalledAt(other);
    await fill();
    for (const number of upTo(rows).slice(1)) assert.equal((await stream.next()).value?.number, number);
    const waiting = stream.next();
    await sleep(20);
    instance.kill('SIGCONT');
    assert.equal((await within(60_000, waiting)).value?.number, rows);
    await stalledAt(other);

    await fill();
    await stream.return(undefined);
    assert.equal(client.$instances[0]?.inFlight, 0);
    await sleep(20);
    instance.kill('SIGCONT');
    await allEnded(other);
  });

  it('is ended by closing the client, with what had come and then CLOSED', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const stream = client.burst({ count: endless, textBytes: 1000 });
    await stream.next();
    const rows = await stalledAt(client);
    await client.$close();
    const { numbers, end } = await within(60_000, drain(stream));
    assert.deepEqual([numbers, end], [upTo(rows).slice(1), 'CLOSED']);
  });

  it('can be one of a thousand', async () => {
    await using bridge = await ProbeBridge.start({}, '--threads', '2');
    const { client } = bridge;
    let left = 1000;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const count = left % 40;
        const { numbers, end } = await drain(client.burst({ count, textBytes: left % 300 }));
        assert.deepEqual([numbers, end], [upTo(count), 'ok']);
      }
    };
    await Promise.all(Array.from({ length: 50 }, worker));
    assert.equal((await client.bursts()).begun, 1000);
    assert.equal(client.$instances[0]?.inFlight, 0);
  });

  it('is refused where the instance serves as many as it allows, and others go on', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const held = Array.from({ length: 64 }, () => client.burst({ count: endless, textBytes: 1000 }));
    for (const stream of held) await stream.next();
    assert.deepEqual(await drain(client.burst({ count: 1 })), { numbers: [], end: 'TOO_MANY_CALLS' });
    await held[0]?.return(undefined);
    await eventually('a place', async () => (await drain(client.burst({ count: 1 }))).end === 'ok');
    for (const stream of held) await stream.return(undefined);
    await allEnded(client);
  });
});

describe('calls with many replies and others, begun, cancelled and mixed at random', () => {
  for (const copyReplies of [false, true]) {
    it(`never get each other's replies${copyReplies ? ', replies copied' : ''}`, async () => {
      // So few that the slots are used again and again at once.
      await using bridge = await ProbeBridge.start(
        { copyReplies, maxInFlight: 24, patienceMs: 10_000 },
        '--threads',
        '2',
      );
      const { client } = bridge;
      let seed = 12_345;
      const random = (below: number): number => {
        seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
        return seed % below;
      };
      let tag = 0;
      const streams = async (): Promise<void> => {
        for (let round = 0; round < 60; round++) {
          const mine = ++tag;
          const count = random(200);
          const stopAt = random(300);
          let next = 0;
          for await (const row of client.burst({ count, tag: mine, textBytes: random(2000) })) {
            assert.deepEqual([row.number, row.tag], [next++, mine]);
            if (row.number === stopAt) break;
            if (random(20) === 0) assert.equal(client.double.sync({ value: BigInt(mine) }).value, BigInt(mine * 2));
            if (random(20) === 0) await sleep(1);
          }
          assert.equal(next, Math.min(count, stopAt + 1));
        }
      };
      const calls = async (): Promise<void> => {
        for (let i = 0; i < 2000; i++) assert.equal((await client.double({ value: BigInt(i) })).value, BigInt(2 * i));
      };
      await within(60_000, Promise.all([...Array.from({ length: 12 }, streams), ...Array.from({ length: 4 }, calls)]));
      await eventually('no call in flight', () => client.$instances[0]?.inFlight === 0);
      await allEnded(client);
    });
  }

  it('survive an info that does something when it is written to', async () => {
    await using bridge = await ProbeBridge.start({ maxInFlight: 8 });
    const { client } = bridge;
    const other = client.burst({ count: endless, tag: 1 });
    await other.next();
    const made: Promise<unknown>[] = [];
    const info = {
      set instance(_: string) {
        // Its later replies may lie in the same batch, and its slot may go to the next call.
        void other.return(undefined);
        made.push(client.double({ value: 3n }));
        assert.throws(() => client.double.sync({ value: 1n }), failsWith('INVALID_ARGUMENT'));
      },
    };
    for (let i = 0; i < 20; i++) await client.double({ value: 1n }, { info });
    const stream = client.burst({ count: 100, tag: 2 }, { info });
    for await (const row of stream) assert.equal(row.tag, 2);
    assert.ok((await Promise.all(made)).length > 20);
    await eventually('no call in flight', () => client.$instances[0]?.inFlight === 0);
  });
});

describe('many replies of an instance that dies', () => {
  async function startTwo(options: object = {}) {
    const folder = new TemporaryFolder();
    const instances = await Promise.all(['1.sock', '2.sock'].map((name) => startProbe(folder.join(name))));
    const client = await connect(probe, { path: folder.path, ...options });
    await eventually('both', () => client.$instances.length === 2);
    return {
      client,
      instances,
      kill: (pid: number | undefined) => instances.find((instance) => instance.pid === pid)?.kill('SIGKILL'),
      async [Symbol.asyncDispose]() {
        await client.$close();
        for (const instance of instances) await instance[Symbol.asyncDispose]();
        folder[Symbol.dispose]();
      },
    };
  }

  for (const copyReplies of [false, true]) {
    it(`are given as far as they came, and no other instance is asked${copyReplies ? ', replies copied' : ''}`, async () => {
      await using bridge = await startTwo({ copyReplies });
      const { client } = bridge;
      const info: CallInfo = {};
      const stream = client.burst({ count: endless, textBytes: 1000 }, { info });
      const first = await stream.next();
      await using witness = await connect(probe, { path: info.instance ?? assert.fail() });
      await stalledAt(witness);
      await witness.$close();
      bridge.kill(first.value?.pid);
      await eventually('the loss', () => client.$instances.length === 1);
      const { numbers, end } = await within(60_000, drain(stream));
      assert.ok(numbers.length > 100, `${numbers.length}`);
      assert.deepEqual([numbers, end], [upTo(numbers.length + 1).slice(1), 'INSTANCE_LOST']);
      assert.equal((await client.bursts()).begun, 0);
    });
  }

  it('come from another one if none had come, and the method is idempotent', async () => {
    await using bridge = await startTwo({ timeoutMs: 60_000 });
    const { client, instances } = bridge;
    for (const method of [client.burst, client.burstOnce]) {
      for (const instance of instances) instance.kill('SIGSTOP');
      const call = drain(method({ count: 3 }));
      await eventually('the call to be sent', () => client.$instances.some(({ inFlight }) => inFlight === 1));
      const busy = client.$instances.find(({ inFlight }) => inFlight === 1);
      bridge.kill(busy?.pid);
      for (const instance of instances) instance.kill('SIGCONT');
      const expected =
        method === client.burst ? { numbers: upTo(3), end: 'ok' } : { numbers: [], end: 'INSTANCE_LOST' };
      assert.deepEqual(await within(60_000, call), expected);
    }
  });
});
