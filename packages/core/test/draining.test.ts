/** Instances that end, or are replaced, while calls go on: none of them may fail for it. */
import assert from 'node:assert/strict';
import { existsSync, renameSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectOptions, connect, type InstanceEvent } from '@isthmus/core';
import { errors } from '@isthmus/schema';
import { eventually, within } from '../../../test/support/eventually.ts';
import type { Instance } from '../../../test/support/instance.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { feed } from './support/feed.schema.ts';
import { startFeed } from './support/feed.ts';
import { failsWith, outcomeOf, type ProbeClient } from './support/probe-client.ts';

/** Longer than any machine is held up. */
const patientMs = 60_000;

/** Waits without a turn of the event loop: nobody is told of anything meanwhile. */
function waitUntilGone(path: string): void {
  const end = performance.now() + patientMs;
  while (existsSync(path) && performance.now() < end);
  assert.ok(!existsSync(path));
}

/** Calls without pause, until `stop`: what came of each, by outcome and, where that is good, by instance. */
function keepCalling(client: ProbeClient, { at, timeoutMs }: { readonly at: number; readonly timeoutMs: number }) {
  const outcomes = new Map<string, number>();
  let stopped = false;
  const loops = Array.from({ length: at }, async () => {
    while (!stopped) {
      const info: { instance?: string } = {};
      const outcome = await outcomeOf(client.add({ value: 1n }, { info, timeoutMs }));
      const key = outcome === 'ok' ? (info.instance ?? '') : outcome;
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
      // Calls that fail at once would leave nobody time to find out.
      if (outcome !== 'ok') await sleep(1);
    }
  });
  return {
    outcomes,
    async stop(): Promise<void> {
      stopped = true;
      await Promise.all(loops);
    },
  };
}

/** Starts an instance that is found in the folder only once `show` is called: so that its socket is there, and accepts, at once. */
async function startHidden(folder: TemporaryFolder, name: string) {
  const instance = await startProbe(folder.join(`${name}.hidden`));
  const path = folder.join(`${name}.sock`);
  return { instance, path, show: () => renameSync(instance.socket, path) };
}

/** A client whose only instance has drained, and whose next one is found, but answers its handshake only after SIGCONT. */
async function betweenTwo(options: Partial<ConnectOptions> = {}) {
  const folder = new TemporaryFolder();
  const old = await startProbe(folder.join('a.sock'));
  const next = await startHidden(folder, 'b');
  next.instance.kill('SIGSTOP');
  const client = await connect(probe, {
    path: folder.path,
    connectTimeoutMs: patientMs,
    timeoutMs: patientMs,
    ...options,
  });
  next.show();
  old.kill('SIGTERM');
  assert.equal(await within(patientMs, old.exited()), 0);
  assert.deepEqual(client.$instances, []);
  return {
    client,
    next: next.instance,
    async [Symbol.asyncDispose]() {
      await client.$close();
      await old[Symbol.asyncDispose]();
      await next.instance[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** A call with many replies that is in flight until its replies are taken. It takes another thread than other calls. */
async function holdOpen(client: ProbeClient): Promise<AsyncDisposable & { readonly pid: number }> {
  const rows = client.burstOnce({ count: 1000, textBytes: 1000 });
  const first = await rows.next();
  assert.ok(first.done === false);
  return {
    pid: first.value.pid,
    async [Symbol.asyncDispose]() {
      let count = 1;
      for await (const { number } of rows) assert.equal(number, count++);
      assert.equal(count, 1000);
    },
  };
}

describe('an instance that drains', () => {
  for (const wait of ['adaptive', 'block', 'spin'] as const) {
    it(`fails none of 64 calls at once that are not idempotent (${wait})`, async () => {
      using folder = new TemporaryFolder();
      await using a = await startProbe(folder.join('a.sock'), '--threads', '2');
      await using b = await startProbe(folder.join('b.sock'));
      await using client = await connect(probe, { path: folder.path, wait });
      await eventually('both', () => client.$instances.length === 2);
      const calling = keepCalling(client, { at: 64, timeoutMs: patientMs });
      const { outcomes } = calling;
      await eventually('calls of both', () => outcomes.has(a.socket) && outcomes.has(b.socket), patientMs);
      a.kill('SIGTERM');
      assert.equal(await within(patientMs, a.exited()), 0);
      const before = outcomes.get(b.socket) ?? 0;
      await eventually('more calls', () => (outcomes.get(b.socket) ?? 0) > before + 1000, patientMs);
      await calling.stop();
      assert.deepEqual([...outcomes.keys()].sort(), [a.socket, b.socket]);
      // Each was executed once, and nowhere else.
      assert.equal((await client.total()).value, BigInt(outcomes.get(b.socket) ?? 0));
    });
  }

  it('answers what it has, gets nothing new, and ends', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startProbe(folder.join('a.sock'), '--threads', '2');
    const events: InstanceEvent[] = [];
    await using client = await connect(probe, {
      path: instance.socket,
      streamWindowBytes: 4096,
      onEvent: (event) => events.push(event),
    });
    const calls = [client.sleep({ microseconds: 300_000, tag: 7 }), client.later({ microseconds: 300_000, tag: 7 })];
    {
      await using _held = await holdOpen(client);
      instance.kill('SIGTERM');
      await eventually('its draining', () => client.$instances[0]?.draining === true, patientMs);
      const { inFlight, path, pid } = client.$instances[0] ?? {};
      assert.ok(inFlight !== undefined && inFlight >= 1);
      assert.deepEqual({ path, pid }, { path: instance.socket, pid: instance.pid });
      // The second, where its path was tried again meanwhile.
      await assert.rejects(client.ping(), failsWith('NO_INSTANCE', /takes no new calls|nobody listens/));
      assert.throws(() => client.ping.sync(undefined), failsWith('NO_INSTANCE'));
      assert.deepEqual(await client.$ping(), []);
      for (const { tag } of await Promise.all(calls)) assert.equal(tag, 7);
      assert.equal(client.$instances.length, 1);
    }
    assert.equal(await within(patientMs, instance.exited()), 0);
    await eventually('its end to be seen', () => client.$instances.length === 0, patientMs);
    assert.deepEqual(
      events.map(({ type, path: socket, error }) => ({ type, socket, error })),
      ['up', 'draining', 'down'].map((type) => ({ type, socket: instance.socket, error: undefined })),
    );
  });

  it('finishes calls with many replies, however slowly they are taken', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startProbe(folder.join('a.sock'));
    await using client = await connect(probe, { path: instance.socket, streamWindowBytes: 4096 });
    let rows = 0;
    for await (const { number } of client.burstOnce({ count: 400, textBytes: 100 })) {
      assert.equal(number, rows++);
      if (rows === 10) {
        instance.kill('SIGTERM');
        await eventually('its draining', () => client.$instances[0]?.draining === true, patientMs);
      }
      if (rows % 50 === 0) await sleep(5);
    }
    assert.equal(rows, 400);
    assert.equal(await within(patientMs, instance.exited()), 0);
  });

  it('lets a call with many replies that was left go', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startProbe(folder.join('a.sock'));
    await using client = await connect(probe, { path: instance.socket });
    for await (const row of client.burst({ count: 2 ** 32 - 1 })) {
      assert.equal(row.number, 0);
      instance.kill('SIGTERM');
      await eventually('its draining', () => client.$instances[0]?.draining === true, patientMs);
      break;
    }
    assert.equal(await within(patientMs, instance.exited()), 0);
  });

  it('is replaced on its own path while it still answers', async () => {
    using folder = new TemporaryFolder();
    await using old = await startProbe(folder.join('a.sock'), '--threads', '2');
    await using client = await connect(probe, { path: folder.path, streamWindowBytes: 4096 });
    await using next = await (async () => {
      await using held = await holdOpen(client);
      assert.equal(held.pid, old.pid);
      old.kill('SIGTERM');
      await eventually('its draining', () => client.$instances[0]?.draining === true, patientMs);
      const started = await startProbe(folder.join('a.sock'));
      await eventually('the next one', () => client.$instances.some(({ pid }) => pid === started.pid), patientMs);
      assert.equal((await client.sleep({ microseconds: 0, tag: 0 })).pid, started.pid);
      assert.equal(client.$instances.length, 2);
      return started;
    })();
    assert.equal(await within(patientMs, old.exited()), 0);
    assert.deepEqual(
      client.$instances.map(({ pid, draining }) => ({ pid, draining })),
      [{ pid: next.pid, draining: false }],
    );
    assert.equal((await client.sleep({ microseconds: 0, tag: 0 })).pid, next.pid);
  });

  it('is seen by calls of every kind before the event loop hears of it', async () => {
    const large = Buffer.alloc(300_000, 1);
    const kinds: Readonly<Record<string, (client: ProbeClient) => unknown>> = {
      one: (client) => client.ping(),
      large: async (client) => assert.ok(large.equals(await client.flip(large))),
      afterOthers: (client) => Promise.all([client.ping(), client.flip(large), client.ping()]),
      sync: (client) => client.double.sync({ value: 1n }),
      manySync: (client) => {
        for (let i = 0n; i < 500n; i++) assert.equal(client.double.sync({ value: i }).value, i * 2n);
      },
      oneWay: (client) => client.note({ value: 1n }),
      many: (client) => client.burstOnce({ count: 1 }).next(),
      // The calls are made while the request of another is written.
      within: (client) =>
        client.remark({
          get text() {
            client.ping.sync(undefined);
            return 'well';
          },
        }),
      withinLarge: (client) =>
        client.reverse({
          get points() {
            client.ping.sync(undefined);
            return Array.from({ length: 9000 }, (_, x) => ({ name: 'point', x, tags: [] }));
          },
        }),
      withinSync: (client) =>
        client.double.sync({
          get value() {
            client.ping.sync(undefined);
            return 1n;
          },
        }),
    };
    for (const [kind, call] of Object.entries(kinds)) {
      using folder = new TemporaryFolder();
      await using a = await startProbe(folder.join('a.sock'));
      await using b = await startProbe(folder.join('b.sock'));
      await using client = await connect(probe, { path: folder.path, timeoutMs: patientMs });
      await eventually('both', () => client.$instances.length === 2);
      a.kill('SIGTERM');
      waitUntilGone(a.socket);
      // As many as there are instances: they take turns.
      const outcomes = [0, 1].map(async () => call(client));
      await assert.doesNotReject(Promise.all(outcomes), kind);
      assert.equal(await within(patientMs, a.exited()), 0, kind);
      assert.equal(client.$instances[0]?.pid, b.pid);
      assert.equal(await outcomeOf(client.ping()), 'ok');
    }
  });

  it('executes what was sent one way', async () => {
    using folder = new TemporaryFolder();
    await using a = await startProbe(folder.join('a.sock'));
    await using b = await startProbe(folder.join('b.sock'));
    // One that is held up lets its ring become full.
    await using client = await connect(probe, { path: folder.path, timeoutMs: patientMs, patienceMs: patientMs });
    await eventually('both', () => client.$instances.length === 2);
    const byInstance = new Map<string, number>();
    const note = async (): Promise<void> => {
      const info: { instance?: string } = {};
      await client.note({ value: 1n }, { info });
      byInstance.set(info.instance ?? '', (byInstance.get(info.instance ?? '') ?? 0) + 1);
    };
    for (let i = 0; i < 300; i++) await note();
    a.kill('SIGTERM');
    while (client.$instances.some(({ path, draining }) => path === a.socket && !draining)) await note();
    assert.equal(await within(patientMs, a.exited()), 0);
    for (let i = 0; i < 10; i++) await note();
    assert.equal((await client.total()).value, BigInt(byInstance.get(b.socket) ?? 0));
  });

  it('may refuse what it was sent, which is then tried elsewhere, but not for ever', async () => {
    using folder = new TemporaryFolder();
    await using _a = await startProbe(folder.join('a.sock'));
    await using _b = await startProbe(folder.join('b.sock'));
    await using client = await connect(probe, { path: folder.path, timeoutMs: patientMs });
    await eventually('both', () => client.$instances.length === 2);
    await assert.rejects(client.status({ code: -errors.INSTANCE_DRAINING.number }), failsWith('INSTANCE_DRAINING'));
    // Each counts what it gets.
    const totals = [await client.total(), await client.total()].map(({ value }) => Number(value));
    assert.equal((totals[0] ?? 0) + (totals[1] ?? 0), 4);
  });

  it('has calls wait for the one that is being connected to', async () => {
    await using between = await betweenTwo();
    const { client, next } = between;
    const outcomes: string[] = [];
    const calls = [
      client.add({ value: 1n }),
      client.flip(Buffer.alloc(300_000, 1)),
      client.note({ value: 1n }),
      client.burstOnce({ count: 1 }).next(),
    ].map((call) => outcomeOf(call).then((outcome) => outcomes.push(outcome)));
    const stop = new AbortController();
    const cancelled = outcomeOf(client.add({ value: 1n }, { signal: stop.signal }));
    const late = outcomeOf(client.add({ value: 1n }, { timeoutMs: 50 }));
    // Who holds the thread up cannot have anybody connect meanwhile.
    assert.throws(() => client.ping.sync(undefined), failsWith('NO_INSTANCE'));
    assert.equal(await within(patientMs, late), 'NO_INSTANCE');
    stop.abort();
    assert.equal(await within(patientMs, cancelled), 'CANCELLED');
    assert.deepEqual(outcomes, []);
    next.kill('SIGCONT');
    await within(patientMs, Promise.all(calls));
    assert.deepEqual(outcomes, ['ok', 'ok', 'ok', 'ok']);
    assert.equal((await client.total()).value, 2n);
  });

  it('has them wait on where the next one has no room for all of them at once', async () => {
    for (const options of [{ maxInFlight: 2 }, { requestRingBytes: 4096 }]) {
      await using between = await betweenTwo(options);
      const { client, next } = between;
      const calls = Array.from({ length: 50 }, (_, index) => client.flip(Buffer.alloc(1000, index)));
      const outcomes = Promise.all(calls.map(outcomeOf));
      await sleep(10);
      next.kill('SIGCONT');
      assert.deepEqual(new Set(await within(patientMs, outcomes)), new Set(['ok']));
    }
  });

  it('has calls wait for no longer than connecting may take, and only until the client is closed', async () => {
    {
      await using between = await betweenTwo({ connectTimeoutMs: 3000 });
      assert.equal(await within(patientMs, outcomeOf(between.client.add({ value: 1n }))), 'NO_INSTANCE');
    }
    await using between = await betweenTwo();
    const call = outcomeOf(between.client.add({ value: 1n }));
    await sleep(10);
    await between.client.$close();
    assert.equal(await within(patientMs, call), 'CLOSED');
  });

  it('is replaced, again and again, without a call that fails, whoever connects when', async () => {
    using folder = new TemporaryFolder();
    await using instances = new AsyncDisposableStack();
    const startTwo = async (round: number) => {
      const started = [await startHidden(folder, `${round}-1`), await startHidden(folder, `${round}-2`)];
      for (const { instance } of started) instances.use(instance);
      return started;
    };
    let serving = await startTwo(0);
    for (const { show } of serving) show();
    const settings = { path: folder.path, connectTimeoutMs: patientMs };
    await using one = await connect(probe, settings);
    await using other = await connect(probe, { ...settings, wait: 'block' });
    const loads = [one, other].map((client) => keepCalling(client, { at: 32, timeoutMs: patientMs }));
    const served = ({ path }: { readonly path: string }): number =>
      loads.reduce((sum, { outcomes }) => sum + (outcomes.get(path) ?? 0), 0);
    const paths: string[] = [];
    for (let round = 1; round <= 4; round++) {
      await eventually('calls of all', () => serving.every((instance) => served(instance) > 100), patientMs);
      const next = await startTwo(round);
      for (const { show } of next) show();
      // No client has heard of the next ones yet.
      for (const { instance } of serving) instance.kill('SIGTERM');
      const ends = serving.map(({ instance }: { readonly instance: Instance }) => instance.exited());
      assert.deepEqual(await within(patientMs, Promise.all(ends)), [0, 0]);
      paths.push(...serving.map(({ path }) => path));
      serving = next;
    }
    await eventually('calls of all', () => serving.every((instance) => served(instance) > 100), patientMs);
    paths.push(...serving.map(({ path }) => path));
    for (const load of loads) await load.stop();
    for (const { outcomes } of loads)
      assert.deepEqual(
        [...outcomes.keys()].filter((outcome) => !paths.includes(outcome)),
        [],
      );
    await eventually('both', () => one.$instances.length === 2, patientMs);
    const totals = [await one.total(), await one.total()].map(({ value }) => Number(value)).sort();
    assert.deepEqual(totals, serving.map(served).sort());
  });

  it('or stops, refuses streams that it has not begun, which another then has', async () => {
    // A machine that is held up may have it hear of its end only after the stream has begun.
    let streamed = '';
    for (let microseconds = 500_000; streamed !== 'b' && microseconds < 20_000_000; microseconds *= 2) {
      using folder = new TemporaryFolder();
      await using a = await startProbe(folder.join('a.sock'));
      await using client = await connect(probe, { path: folder.path, timeoutMs: patientMs });
      const b = await startHidden(folder, 'b');
      await using _ended = b.instance;
      const slow = client.sleep({ microseconds, tag: 0 });
      const info: { instance?: string } = {};
      const rows = client.burstOnce({ count: 1 }, { info });
      const row = rows.next();
      b.show();
      a.kill('SIGINT');
      assert.equal((await within(patientMs, slow)).pid, a.pid);
      assert.equal((await within(patientMs, row)).done, false);
      assert.equal((await rows.next()).done, true);
      streamed = info.instance === b.path ? 'b' : 'a';
    }
    assert.equal(streamed, 'b');
  });

  it('that is killed is lost like any other', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startProbe(folder.join('a.sock'));
    const events: string[] = [];
    await using client = await connect(probe, {
      path: instance.socket,
      onEvent: ({ type, error }) => events.push(`${type} ${error?.code ?? ''}`),
    });
    const slow = outcomeOf(client.sleep({ microseconds: 60_000_000, tag: 0 }, { timeoutMs: patientMs }));
    await sleep(20);
    instance.kill('SIGTERM');
    await eventually('its draining', () => client.$instances[0]?.draining === true, patientMs);
    instance.kill('SIGKILL');
    assert.equal(await within(patientMs, slow), 'INSTANCE_LOST');
    await eventually('its end', () => events.length === 3);
    assert.deepEqual(events, ['up ', 'draining ', 'down INSTANCE_LOST']);
    assert.deepEqual(client.$instances, []);
  });

  it('does not wait for a client that is closed', async () => {
    using folder = new TemporaryFolder();
    await using instance = await startProbe(folder.join('a.sock'));
    const client = await connect(probe, { path: instance.socket, streamWindowBytes: 4096 });
    const held = client.burstOnce({ count: 1000, textBytes: 1000 });
    await held.next();
    instance.kill('SIGTERM');
    await eventually('its draining', () => client.$instances[0]?.draining === true, patientMs);
    await client.$close();
    await assert.rejects(async () => {
      for await (const row of held) assert.ok(row.number < 1000);
    }, failsWith('CLOSED'));
    assert.equal(await within(patientMs, instance.exited()), 0);
  });

  it('has its regions read until the last call has ended, and then those of another', async () => {
    using folder = new TemporaryFolder();
    await using a = await startFeed(folder.join('a.sock'));
    await using client = await connect(feed, { path: folder.path });
    await client.tick({ times: 3 });
    assert.equal(client.ticks.read().value.count, 3n);
    await using b = await startFeed(folder.join('b.sock'));
    await eventually('both', () => client.$instances.length === 2);
    a.kill('SIGTERM');
    assert.equal(await within(patientMs, a.exited()), 0);
    await client.tick({ times: 5 });
    assert.equal(client.$instances[0]?.pid, b.pid);
    assert.ok(client.ticks.isLive);
    assert.equal(client.ticks.read().value.count, 5n);
  });
});
