/** Deadlines, cancelling, back-pressure, and calls that are sent again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, IsthmusError, type WaitMode } from '@isthmus/core';
import { errors } from '@isthmus/schema';
import { eventually, within } from '../../../test/support/eventually.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { failsWith, outcomeOf, ProbeBridge } from './support/probe-client.ts';

const waits: readonly WaitMode[] = ['adaptive', 'block', 'spin'];
/** Far more than any deadline below: other work may hold the machine up. */
const lateMs = 60_000;

describe('a deadline', () => {
  for (const wait of waits) {
    it(`ends a call, not before its time (${wait})`, async () => {
      await using bridge = await ProbeBridge.start({ wait });
      const { client, instance } = bridge;
      instance.kill('SIGSTOP');
      const started = performance.now();
      const call = client.sleep({ microseconds: 0, tag: 0 }, { timeoutMs: 30 });
      await assert.rejects(call, failsWith('DEADLINE_EXCEEDED'));
      const took = performance.now() - started;
      assert.ok(took >= 30 && took < lateMs, `${took} ms`);
      const again = performance.now();
      assert.throws(
        () => client.sleep.sync({ microseconds: 0, tag: 0 }, { timeoutMs: 20 }),
        failsWith('DEADLINE_EXCEEDED'),
      );
      assert.ok(performance.now() - again >= 20);
      // The instance goes on with the calls that it has; a new one waits for them and is answered.
      instance.kill('SIGCONT');
      assert.equal((await client.sleep({ microseconds: 0, tag: 7 })).tag, 7);
    });
  }

  it('is each call its own', async () => {
    await using bridge = await ProbeBridge.start({ timeoutMs: 2500 }, '--threads', '4');
    const { client } = bridge;
    const ended: string[] = [];
    const call = async (name: string, microseconds: number, timeoutMs?: number): Promise<void> => {
      ended.push(`${name} ${await outcomeOf(client.sleep({ microseconds, tag: 0 }, { timeoutMs }))}`);
    };
    await Promise.all([
      call('long', 12_000_000, 60_000),
      call('default', 8_000_000),
      call('middle', 8_000_000, 5000),
      call('short', 2000, 60_000),
    ]);
    assert.deepEqual(ended, ['short ok', 'default DEADLINE_EXCEEDED', 'middle DEADLINE_EXCEEDED', 'long ok']);
  });

  it('is refused where it makes no sense', async () => {
    await using bridge = await ProbeBridge.start();
    for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      await assert.rejects(bridge.client.ping(undefined, { timeoutMs }), failsWith('INVALID_ARGUMENT', /timeoutMs/));
      assert.throws(() => bridge.client.ping.sync(undefined, { timeoutMs }), failsWith('INVALID_ARGUMENT'));
    }
  });
});

describe('an AbortSignal', () => {
  for (const copyReplies of [false, true]) {
    it(`ends a call before, during and after it${copyReplies ? ', replies copied' : ''}`, async () => {
      await using bridge = await ProbeBridge.start({ copyReplies, maxInFlight: 4 });
      const { client, instance } = bridge;
      const reason = new Error('the user left');
      const cancelled = { code: 'CANCELLED', cause: reason };
      await assert.rejects(client.ping(undefined, { signal: AbortSignal.abort(reason) }), cancelled);

      const during = new AbortController();
      instance.kill('SIGSTOP');
      const call = client.sleep({ microseconds: 0, tag: 0 }, { signal: during.signal });
      await sleep(5);
      during.abort(reason);
      await assert.rejects(within(lateMs, call), cancelled);
      assert.equal(client.$instances[0]?.inFlight, 0);
      instance.kill('SIGCONT');

      const after = new AbortController();
      assert.equal((await client.double({ value: 4n }, { signal: after.signal })).value, 8n);
      after.abort(reason);
      assert.equal((await client.double({ value: 5n })).value, 10n);
    });

    it(`ends a call that was not sent yet${copyReplies ? ', replies copied' : ''}`, async () => {
      await using bridge = await ProbeBridge.start({ copyReplies, maxInFlight: 4 });
      const { client } = bridge;
      // Within a continuation, calls gather in the outbox and are sent together at the end of the turn.
      for (let round = 0; round < 20; round++) {
        const outcomes = await client.ping().then(() => {
          const controller = new AbortController();
          const calls = [
            outcomeOf(client.double({ value: 1n }, { signal: controller.signal })),
            outcomeOf(client.double({ value: 2n })),
          ];
          controller.abort();
          return Promise.all(calls);
        });
        assert.deepEqual(outcomes, ['CANCELLED', 'ok']);
      }
      await eventually('the slots of the cancelled calls', () => client.$instances[0]?.inFlight === 0);
      const values = await Promise.all([1n, 2n, 3n, 4n].map((value) => client.double({ value })));
      assert.deepEqual(
        values.map(({ value }) => value),
        [2n, 4n, 6n, 8n],
      );
    });
  }

  it('ends a call whose reply waits behind a synchronous one', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const controller = new AbortController();
    const call = outcomeOf(client.double({ value: 1n }, { signal: controller.signal }));
    client.double.sync({ value: 1n });
    controller.abort();
    assert.equal(await call, 'CANCELLED');
    await eventually('its slot', () => client.$instances[0]?.inFlight === 0);
  });

  it('can serve any number of calls and keeps none of their listeners', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', onWarning);
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(signal, args);
    };
    await Promise.all(Array.from({ length: 500 }, () => client.double({ value: 1n }, { signal })));
    await assert.rejects(client.refuse({ code: 1 }, { signal }));
    await sleep(1);
    process.off('warning', onWarning);
    assert.equal(listeners, 0);
    assert.deepEqual(warnings, []);
  });
});

describe('a client without room', () => {
  it('refuses a call with RING_FULL, or waits as long as it has patience', async () => {
    await using bridge = await ProbeBridge.start({ requestRingBytes: 4096 });
    const { client, instance } = bridge;
    const send = (many: typeof client): Promise<string[]> =>
      Promise.all(Array.from({ length: 64 }, () => outcomeOf(many.sleep({ microseconds: 1000, tag: 0 }))));
    instance.kill('SIGSTOP');
    const sent = send(client);
    instance.kill('SIGCONT');
    const outcomes = await sent;
    assert.deepEqual(new Set(outcomes), new Set(['ok', 'RING_FULL']));

    await using patient = await connect(probe, { path: instance.socket, requestRingBytes: 4096, patienceMs: 10_000 });
    assert.deepEqual(new Set(await send(patient)), new Set(['ok']));

    await using hasty = await connect(probe, { path: instance.socket, requestRingBytes: 4096, patienceMs: 30 });
    const started = performance.now();
    const calls = Array.from({ length: 64 }, () =>
      outcomeOf(hasty.sleep({ microseconds: 300_000, tag: 0 }, { timeoutMs: 5000 })),
    );
    const first = await Promise.race(calls.slice(-5));
    assert.equal(first, 'RING_FULL');
    assert.ok(performance.now() - started >= 30);
    assert.deepEqual(
      new Set(await within(lateMs, Promise.all(calls))),
      new Set(['ok', 'RING_FULL', 'DEADLINE_EXCEEDED']),
    );
  });

  it('refuses a call with TOO_MANY_CALLS, or waits as long as it has patience', async () => {
    await using bridge = await ProbeBridge.start({ maxInFlight: 2 });
    const { client, instance } = bridge;
    const outcomes = await Promise.all([1, 2, 3].map((tag) => outcomeOf(client.sleep({ microseconds: 5000, tag }))));
    assert.deepEqual(outcomes, ['ok', 'ok', 'TOO_MANY_CALLS']);
    const held = [1, 2].map((tag) => client.sleep({ microseconds: 5000, tag }));
    assert.throws(() => client.ping.sync(undefined), failsWith('TOO_MANY_CALLS'));
    await Promise.all(held);

    await using patient = await connect(probe, { path: instance.socket, maxInFlight: 2, patienceMs: 60_000 });
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, tag) => order.push((await patient.sleep({ microseconds: 100, tag })).tag)),
    );
    assert.deepEqual(
      order,
      Array.from({ length: 20 }, (_, tag) => tag),
    );
    const signal = AbortSignal.timeout(20);
    const calls = Array.from({ length: 4 }, (_, tag) =>
      outcomeOf(patient.sleep({ microseconds: 1_500_000, tag }, { signal })),
    );
    assert.deepEqual(await Promise.all(calls), new Array(4).fill('CANCELLED'));
  });

  it('does not hang when the caller tries again at once and without end', async () => {
    await using bridge = await ProbeBridge.start({ requestRingBytes: 4096, replyRingBytes: 4096 });
    const { client } = bridge;
    let done = 0;
    const stubborn = async (): Promise<void> => {
      for (;;) {
        const outcome = await outcomeOf(client.echo.json(undefined).catch(() => client.double({ value: 1n })));
        if (outcome === 'ok') break;
      }
      done += 1;
    };
    // In a continuation, since nothing else could ever run if they went on outside of one.
    await within(
      lateMs,
      client.ping().then(() => Promise.all(Array.from({ length: 300 }, stubborn))),
    );
    assert.equal(done, 300);
  });

  it('takes a handler that answers RING_FULL at its word, and does not call it again', async () => {
    await using bridge = await ProbeBridge.start({ patienceMs: 50 });
    const { client } = bridge;
    await assert.rejects(client.status({ code: -errors.RING_FULL.number }), failsWith('RING_FULL'));
    assert.equal((await client.total()).value, 1n);
  });
});

/** Starts `count` instances in a folder, and a client of all. */
async function startMany(count: number, options: object = {}) {
  const folder = new TemporaryFolder();
  const instances = await Promise.all(
    Array.from({ length: count }, (_, i) => startProbe(folder.join(`${i}.sock`), '--threads', '2')),
  );
  const client = await connect(probe, { path: folder.path, ...options });
  await eventually('all instances', () => client.$instances.length === count);
  return {
    client,
    instances,
    folder,
    running: () => instances.filter((instance) => instance.running).length,
    async [Symbol.asyncDispose]() {
      await client.$close();
      await Promise.all(instances.map((instance) => instance[Symbol.asyncDispose]()));
      folder[Symbol.dispose]();
    },
  };
}

describe('a call whose instance dies', () => {
  it('is tried on one other instance if it is idempotent, and only there', async () => {
    await using bridge = await startMany(4);
    const { client, instances } = bridge;
    await assert.rejects(within(60_000, client.idempotentCrash()), failsWith('INSTANCE_LOST'));
    await eventually('two to end', () => bridge.running() === 2);
    await sleep(50);
    assert.equal(bridge.running(), 2);
    assert.throws(() => client.idempotentCrash.sync(undefined), failsWith('INSTANCE_LOST'));
    await eventually('two more to end', () => bridge.running() === 0);
    assert.ok(instances.every((instance) => !instance.running));
  });

  it('is not tried again if it is not idempotent', async () => {
    await using bridge = await startMany(2);
    await assert.rejects(within(60_000, bridge.client.crash()), failsWith('INSTANCE_LOST'));
    await eventually('one to end', () => bridge.running() === 1);
    await sleep(20);
    assert.equal(bridge.running(), 1);
    assert.equal((await bridge.client.double({ value: 1n })).value, 2n);
  });

  it('never takes longer than its deadline, second attempt included', async () => {
    await using bridge = await startMany(2);
    const { client, instances } = bridge;
    const started = performance.now();
    const call = outcomeOf(client.idempotentSleep({ microseconds: 30_000_000, tag: 0 }, { timeoutMs: 8000 }));
    await sleep(4500);
    const busy = client.$instances.find(({ inFlight }) => inFlight === 1);
    instances.find(({ socket }) => socket === busy?.path)?.kill('SIGKILL');
    assert.equal(await call, 'DEADLINE_EXCEEDED');
    const took = performance.now() - started;
    // 12,500 or more if the second attempt had such a time to itself.
    assert.ok(took >= 7999 && took < 12_000, `${took} ms`);
  });

  it('fails with NO_INSTANCE if there was none left to send it to', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    const first = client.crash();
    const then = first.catch(() => outcomeOf(client.ping()));
    assert.equal(await within(60_000, then), 'NO_INSTANCE');
    await assert.rejects(client.ping(), failsWith('NO_INSTANCE', /a\.sock/));
    assert.throws(() => client.ping.sync(undefined), failsWith('NO_INSTANCE'));
  });

  it('leaves synchronous callers that never let the event loop run with the others', async () => {
    await using bridge = await startMany(2);
    const { client, instances } = bridge;
    assert.throws(() => client.crash.sync(undefined), failsWith('INSTANCE_LOST'));
    for (let i = 0; i < 100; i++) assert.equal(client.double.sync({ value: 1n }).value, 2n);
    assert.equal(instances.filter(({ socket }) => client.$instances.some(({ path }) => path === socket)).length, 1);
  });
});

describe('instances killed under load', () => {
  for (const copyReplies of [false, true]) {
    it(`lose no idempotent call while another lives${copyReplies ? ', replies copied' : ''}`, async () => {
      await using bridge = await startMany(3, { copyReplies, timeoutMs: 10_000 });
      const { client, instances } = bridge;
      let running = true;
      const outcomes = new Set<string>();
      /** How many calls of each have ended. */
      const ended = new Array<number>(40).fill(0);
      const load = async (at: number): Promise<void> => {
        for (let count = 1; running; count++) {
          outcomes.add(await outcomeOf(client.idempotentSleep({ microseconds: 200, tag: 0 })));
          ended[at] = count;
        }
      };
      const loads = ended.map((_, at) => load(at));
      for (const victim of [0, 1]) {
        await sleep(60);
        instances[victim]?.kill('SIGKILL');
        // The second dies later than all that the first lost were answered elsewhere.
        await eventually('the loss to be seen', () => client.$instances.length === 2 - victim);
        const before = [...ended];
        await eventually('what was lost to be answered', () => ended.every((count, at) => count > (before[at] ?? 0)));
      }
      running = false;
      await within(60_000, Promise.all(loads));
      assert.deepEqual([...outcomes], ['ok']);
    });

    it(`answer other calls or lose them, once each${copyReplies ? ', replies copied' : ''}`, async () => {
      await using bridge = await startMany(2, { copyReplies });
      const { client, instances } = bridge;
      const send = (): Promise<string>[] =>
        Array.from({ length: 200 }, () => outcomeOf(client.sleep({ microseconds: 500, tag: 0 })));
      const before = send();
      await Promise.race(before);
      // Some of the later ones are with it for sure when it dies.
      instances[0]?.kill('SIGSTOP');
      const after = send();
      instances[0]?.kill('SIGKILL');
      const outcomes = await within(60_000, Promise.all([...before, ...after]));
      assert.deepEqual(new Set(outcomes), new Set(['ok', 'INSTANCE_LOST']));
    });
  }
});

it('IsthmusError is what every call fails with', async () => {
  await using bridge = await ProbeBridge.start();
  const { client } = bridge;
  // @ts-expect-error: JavaScript callers have no types.
  const failures = [client.double(), client.double(5), client.double({ value: 1 }), client.echo(null)];
  for (const failure of failures) await assert.rejects(failure, (error) => error instanceof IsthmusError);
});
