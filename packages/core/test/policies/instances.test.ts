/** Policies over real instances: ones that die, hang, refuse and are slow. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type ConnectOptions, connect, IsthmusError } from '@isthmus/core';
import { eventually, within } from '../../../../test/support/eventually.ts';
import type { Instance } from '../../../../test/support/instance.ts';
import { probe } from '../../../../test/support/probe.schema.ts';
import { startProbe } from '../../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { failsWith, outcomeOf, ProbeBridge } from '../support/probe-client.ts';

/** Far more than anything here takes, however busy the machine is. */
const boundMs = 30_000;
const timeoutMs = 60_000;

async function startMany(count: number, options: Partial<ConnectOptions>) {
  const folder = new TemporaryFolder();
  const instances = await Promise.all(
    Array.from({ length: count }, (_, i) => startProbe(folder.join(`${i}.sock`), '--threads', '1')),
  );
  const client = await connect(probe, { path: folder.path, timeoutMs, ...options });
  await eventually('all instances', () => client.$instances.length === count);
  return {
    client,
    instances,
    /** The one that has this socket. */
    at: (socket: string | undefined): Instance =>
      instances.find((instance) => instance.socket === socket) ?? assert.fail(`no instance at ${socket}`),
    async [Symbol.asyncDispose]() {
      await client.$close();
      await Promise.all(instances.map((instance) => instance[Symbol.asyncDispose]()));
      folder[Symbol.dispose]();
    },
  };
}

/** Stops it, and waits until it has stopped: until then it may still answer. */
async function stop(instance: Instance): Promise<void> {
  instance.kill('SIGSTOP');
  await eventually('it to stop', () => /\) T /.test(readFileSync(`/proc/${instance.pid}/stat`, 'utf8')));
}

describe('retries', () => {
  it('go on until an instance answers, as often as they may', async () => {
    const retry = { attempts: 3, initialDelayMs: 1 };
    await using bridge = await startMany(4, { policies: { '*': { retry } } });
    const { client, instances } = bridge;
    // Each attempt ends an instance: three of the four, and not two as without the policy.
    await assert.rejects(within(boundMs, client.idempotentCrash()), failsWith('INSTANCE_LOST'));
    await eventually('three to end', () => instances.filter(({ running }) => running).length === 1);
    await assert.rejects(within(boundMs, client.crash()), failsWith('INSTANCE_LOST'));
    await eventually('the last to end', () => instances.every(({ running }) => !running));
  });

  it('wait for an instance to come', async () => {
    using folder = new TemporaryFolder();
    // So that the program is compiled by the time that counts.
    await using _compiled = await startProbe(folder.join('other.sock'));
    const path = folder.join('late.sock');
    // Ten retries are what the budget allows for: some 13 s on the average.
    const retry = { attempts: 100, initialDelayMs: 200, maxDelayMs: 4000 };
    await using client = await connect(probe, {
      path,
      waitForInstance: false,
      timeoutMs,
      policies: { '*': { retry } },
    });
    const call = client.double({ value: 4n });
    const stream = Array.fromAsync(client.burst({ count: 3 }));
    const note = client.note({ value: 1n });
    await using _instance = await startProbe(path);
    const [{ value }, rows] = await within(2 * boundMs, Promise.all([call, stream, note]));
    assert.deepEqual([value, rows.length], [8n, 3]);
  });

  it('do not repeat what a handler has answered, nor input that is wrong', async () => {
    await using bridge = await ProbeBridge.start({ policies: { '*': { retry: { initialDelayMs: 1 } } } });
    const { client } = bridge;
    await assert.rejects(client.status({ code: 3 }), failsWith('HANDLER_REFUSED'));
    // Its handler says RING_FULL, which is for the C library to say: it was executed, and is not idempotent.
    await assert.rejects(client.status({ code: -20 }), IsthmusError);
    await assert.rejects(client.add.json({ value: 'x' }), failsWith('INVALID_INPUT'));
    assert.equal((await client.total()).value, 2n);
  });

  it('of many replies are made before the first one only', async () => {
    await using bridge = await startMany(2, { policies: { '*': { retry: { attempts: 2, initialDelayMs: 1 } } } });
    const { client, instances } = bridge;
    const replies = client.burst({ count: 1000, pauseMicroseconds: 10_000 });
    assert.equal((await replies.next()).value?.number, 0);
    for (const instance of instances) instance.kill('SIGKILL');
    await assert.rejects(async () => {
      for await (const _ of replies);
    }, failsWith('INSTANCE_LOST'));
  });
});

describe('every form of a call', () => {
  it('is the same with policies as without', async () => {
    const policy = { retry: {}, breaker: {}, bulkhead: { maxActive: 8 }, hedge: { afterMs: 5000 }, shed: true };
    const pool = { maxActive: 8, testOnBorrowMs: 10_000, ejectAfter: 5 };
    await using bridge = await ProbeBridge.start({ timeoutMs, policies: { '*': policy }, pool });
    const { client } = bridge;
    assert.equal((await client.double({ value: 2n })).value, 4n);
    assert.equal((await client.double.view({ value: 2n })).value, 4n);
    assert.deepEqual(await client.double.json({ value: '2' }), { value: '4' });
    assert.equal(await client.double.jsonText({ value: '2' }), '{"value":"4"}');
    assert.equal((await client.double.raw(new Uint8Array(8).fill(1)))[0], 2);
    assert.equal(client.double.sync({ value: 3n }).value, 6n);
    assert.equal(await client.ping(), undefined);
    const rows = await Array.fromAsync(client.burst({ count: 500, textBytes: 1000 }));
    assert.deepEqual(
      rows.map(({ number }) => number),
      Array.from({ length: 500 }, (_, number) => number),
    );
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(client.double({ value: 1n }))));
    assert.deepEqual(new Set(outcomes), new Set(['ok']));
    const info: { instance?: string; callId?: bigint } = {};
    await client.ping(undefined, { info });
    assert.equal(info.instance, bridge.instance.socket);
    assert.equal(typeof info.callId, 'bigint');
  });

  it('ends when its caller gives up, and lets go of its place', async () => {
    const policies = { '*': { retry: {}, breaker: {}, bulkhead: { maxActive: 1 }, shed: true } };
    await using bridge = await ProbeBridge.start({ timeoutMs, policies });
    const { client } = bridge;
    const reason = new Error('the user left');
    const cancelled = { code: 'CANCELLED', cause: reason };
    await assert.rejects(client.ping(undefined, { signal: AbortSignal.abort(reason) }), cancelled);
    const controller = new AbortController();
    const { signal } = controller;
    const rows = client.burst({ count: 1e6, pauseMicroseconds: 1000 }, { signal });
    await rows.next();
    const sent = client.sleep({ microseconds: 3_000_000, tag: 0 }, { signal });
    const waiting = client.sleep({ microseconds: 0, tag: 0 }, { signal });
    await eventually('one to be sent', () => client.$instances[0]?.inFlight === 2);
    controller.abort(reason);
    const calls: readonly Promise<unknown>[] = [sent, waiting, rows.next()];
    for (const call of calls) await assert.rejects(within(boundMs, call), cancelled);
    await eventually('all to be given up', () => client.$instances[0]?.inFlight === 0);
    assert.equal((await client.double({ value: 4n })).value, 8n);
    for await (const { number } of client.burst({ count: 1e6 })) if (number === 3) break;
    await eventually('the stream to end', () => client.$instances[0]?.inFlight === 0);
    assert.equal((await Array.fromAsync(client.burst({ count: 2 }))).length, 2);
  });

  it('takes a timeout that makes no sense as an error of its own', async () => {
    await using bridge = await ProbeBridge.start({ policies: { '*': { retry: {} } } });
    const { client } = bridge;
    await assert.rejects(client.ping(undefined, { timeoutMs: -1 }), failsWith('INVALID_ARGUMENT'));
    await assert.rejects(client.burst({ count: 1 }, { timeoutMs: -1 }).next(), failsWith('INVALID_ARGUMENT'));
    assert.throws(() => client.ping.sync(undefined, { timeoutMs: -1 }), failsWith('INVALID_ARGUMENT'));
    const policies = { echo: { retry: { attempts: 0 } } };
    await assert.rejects(
      connect(probe, { path: '/nowhere', policies }),
      failsWith('INVALID_ARGUMENT', /policies\.echo\.retry\.attempts/),
    );
  });
});

describe('a breaker', () => {
  it('stops calls of a method that fails, and lets others be made', async () => {
    const breaker = { failures: 3, openMs: 1e6 };
    await using bridge = await ProbeBridge.start({ policies: { badEnum: { breaker }, refuse: { breaker } } });
    const { client } = bridge;
    for (let i = 0; i < 3; i++) await assert.rejects(client.badEnum(), failsWith('HANDLER_FAULT'));
    await assert.rejects(client.badEnum(), failsWith('CIRCUIT_OPEN', /badEnum failed with HANDLER_FAULT last/));
    assert.throws(() => client.badEnum.sync(undefined), failsWith('CIRCUIT_OPEN'));
    assert.equal(client.$refusal('badEnum')?.code, 'CIRCUIT_OPEN');
    for (let i = 0; i < 5; i++) await assert.rejects(client.refuse({ code: 1 }), failsWith('HANDLER_REFUSED'));
    assert.equal(client.$refusal('refuse'), undefined);
    assert.equal((await client.double({ value: 1n })).value, 2n);
  });

  it('counts synchronous calls too, once the event loop turns', async () => {
    const policies = { badEnum: { breaker: { failures: 2, openMs: 1e6 } } };
    await using bridge = await ProbeBridge.start({ policies });
    const { client } = bridge;
    for (let i = 0; i < 2; i++) assert.throws(() => client.badEnum.sync(undefined), failsWith('HANDLER_FAULT'));
    await eventually('it to open', () => client.$refusal('badEnum') !== undefined);
    assert.throws(() => client.badEnum.sync(undefined), failsWith('CIRCUIT_OPEN'));
  });

  it('has calls made again once the service is back', async () => {
    const policies = { '*': { breaker: { failures: 1, openMs: 20 } } };
    await using bridge = await ProbeBridge.start({ policies, timeoutMs });
    const { client, instance } = bridge;
    const crash = client.crash();
    await assert.rejects(within(boundMs, crash), failsWith('INSTANCE_LOST'));
    await instance.exited();
    await using again = await startProbe(instance.socket);
    await eventually(
      'a call to succeed',
      async () => (await outcomeOf(client.crash.json({ wrong: 1 }))) !== 'CIRCUIT_OPEN',
    );
    assert.ok(again.running);
  });
});

describe('a bulkhead', () => {
  it('never has more calls in flight than it may', async () => {
    const policies = { sleep: { bulkhead: { maxActive: 2, maxQueued: 3, maxWaitMs: timeoutMs } } };
    await using bridge = await ProbeBridge.start({ policies, timeoutMs }, '--threads', '4');
    const { client } = bridge;
    let most = 0;
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, tag) => {
        const call = outcomeOf(client.sleep({ microseconds: 20_000, tag }));
        most = Math.max(most, client.$instances[0]?.inFlight ?? 0);
        return call;
      }),
    );
    assert.equal(outcomes.filter((outcome) => outcome === 'ok').length, 5);
    assert.equal(outcomes.filter((outcome) => outcome === 'OVERLOADED').length, 5);
    assert.ok(most <= 2);
    const held = client.sleep({ microseconds: 50_000, tag: 0 });
    const held2 = client.sleep({ microseconds: 50_000, tag: 0 });
    assert.throws(() => client.sleep.sync({ microseconds: 0, tag: 0 }), failsWith('OVERLOADED'));
    assert.equal((await client.double({ value: 1n })).value, 2n);
    await Promise.all([held, held2]);
    assert.equal(client.sleep.sync({ microseconds: 0, tag: 9 }).tag, 9);
  });
});

describe('a hedge', () => {
  it('has another instance answer where one hangs, and gives the first up', async () => {
    const policies = { echo: { hedge: { afterMs: 5 } }, idempotentSleep: { hedge: { afterMs: 5 } } };
    await using bridge = await startMany(2, { policies });
    const { client, at } = bridge;
    const info: { instance?: string } = {};
    await client.idempotentSleep({ microseconds: 0, tag: 0 }, { info });
    const stuck = at(info.instance);
    await stop(stuck);
    for (let i = 0; i < 5; i++) {
      const reply = await within(boundMs, client.idempotentSleep({ microseconds: 0, tag: i }, { info }));
      assert.equal(reply.tag, i);
      assert.notEqual(info.instance, stuck.socket);
    }
    await eventually('what hangs to be given up', () => client.$instances.every(({ inFlight }) => inFlight === 0));
    stuck.kill('SIGCONT');
  });
});

describe('a pool', () => {
  it('has no more calls at once than maxActive, over all methods', async () => {
    await using bridge = await startMany(2, { pool: { maxActive: 2, maxQueued: 0 } });
    const { client } = bridge;
    const held = [1, 2].map((tag) => client.sleep({ microseconds: 50_000, tag }));
    // In the same turn, before any of them can have ended.
    const refused = assert.rejects(
      client.double({ value: 1n }),
      failsWith('OVERLOADED', /the client has as many calls .* \(maxActive: 2\)/),
    );
    assert.equal(client.$refusal('double')?.code, 'OVERLOADED');
    await refused;
    await Promise.all(held);
    assert.equal((await client.double({ value: 1n })).value, 2n);
  });

  it('passes over an instance that fails, however few calls it has', async () => {
    await using bridge = await startMany(2, { pool: { ejectAfter: 2, ejectMs: 1e6 }, timeoutMs: 400 });
    const { client, at } = bridge;
    const info: { instance?: string } = {};
    await client.ping(undefined, { info, timeoutMs: boundMs });
    const stuck = at(info.instance);
    await stop(stuck);
    let missed = 0;
    await eventually('two calls to be missed', async () => {
      if ((await outcomeOf(client.ping())) === 'DEADLINE_EXCEEDED') missed += 1;
      return missed === 2;
    });
    // A busy machine may have the other one miss some, too: both are then passed over, and so neither.
    const instances = new Set<string | undefined>();
    for (let i = 0; i < 20; i++) {
      const called: { instance?: string } = {};
      if ((await outcomeOf(client.ping(undefined, { info: called, timeoutMs: boundMs }))) === 'ok')
        instances.add(called.instance);
    }
    assert.deepEqual(instances, new Set(bridge.instances.filter((one) => one !== stuck).map(({ socket }) => socket)));
    stuck.kill('SIGCONT');
  });

  it('tests an instance that was idle before it gets a call', async () => {
    // A busy machine may have the other one fail its test, too: both are then passed over, and so neither.
    for (let attempts = 1, isMissed = true; isMissed; attempts++) {
      await using bridge = await startMany(2, { pool: { testOnBorrowMs: 0, ejectMs: 1e6 }, timeoutMs: boundMs });
      const { client, at } = bridge;
      const info: { instance?: string } = {};
      for (let i = 0; i < 4; i++) await client.ping(undefined, { info });
      const stuck = at(info.instance);
      await stop(stuck);
      isMissed = false;
      for (let i = 0; i < 10 && !isMissed; i++) {
        const outcome = await outcomeOf(client.ping(undefined, { info, timeoutMs: 8000 }));
        isMissed = outcome !== 'ok' || info.instance === stuck.socket;
      }
      stuck.kill('SIGCONT');
      assert.ok(!isMissed || attempts < 4, 'the one that is stuck gets calls');
    }
  });

  it('closes connections that nobody uses, and opens them again', async () => {
    const events: string[] = [];
    await using bridge = await ProbeBridge.start({
      timeoutMs,
      pool: { idleEvictMs: 50 },
      onEvent: ({ type }) => events.push(type),
    });
    const { client } = bridge;
    assert.equal((await client.double({ value: 1n })).value, 2n);
    for (let round = 0; round < 3; round++) {
      await eventually('the connection to be closed', () => client.$instances.length === 0);
      const calls = Array.from({ length: 5 }, () => client.double({ value: 2n }));
      for (const { value } of await within(boundMs, Promise.all(calls))) assert.equal(value, 4n);
    }
    await eventually('the connection to be closed', () => client.$instances.length === 0);
    assert.throws(() => client.ping.sync(undefined), failsWith('NO_INSTANCE'));
    await eventually('it to be open again', () => outcomeOf(client.ping()).then((outcome) => outcome === 'ok'));
    assert.deepEqual(events.slice(0, 3), ['up', 'down', 'up']);
    // A call that takes long is no idleness.
    assert.equal((await client.sleep({ microseconds: 200_000, tag: 5 })).tag, 5);
  });
});

describe('shedding', () => {
  it('refuses what would come too late, and sends what would not', async () => {
    await using bridge = await ProbeBridge.start({ policies: { sleep: { shed: true } } }, '--threads', '1');
    const { client } = bridge;
    const call = (wait: number): Promise<string> =>
      outcomeOf(client.sleep({ microseconds: 5000, tag: 0 }, { timeoutMs: wait }));
    for (let i = 0; i < 5; i++) assert.equal(await call(boundMs), 'ok');
    // Enough to see what waiting behind others costs.
    assert.deepEqual(new Set(await Promise.all(Array.from({ length: 50 }, () => call(boundMs)))), new Set(['ok']));
    const held = Array.from({ length: 50 }, () => call(boundMs));
    const refused = await call(20);
    assert.equal(refused, 'OVERLOADED');
    assert.equal(client.$refusal('sleep', { timeoutMs: 20 })?.code, 'OVERLOADED');
    assert.equal(client.$refusal('sleep', { timeoutMs: boundMs }), undefined);
    assert.deepEqual(new Set(await Promise.all(held)), new Set(['ok']));
    assert.equal(client.$refusal('sleep', { timeoutMs: 20 }), undefined);
  });
});
