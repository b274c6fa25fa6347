/** Signs of life: that each serving thread answers for itself, and what is in their way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@isthmus/core';
import { maxPings } from '@isthmus/native';
import { errors } from '@isthmus/schema';
import fc from 'fast-check';
import { eventually, within } from '../../../test/support/eventually.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { startProbe } from '../../../test/support/probe.ts';
import { TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { runScript } from '../../native/test/support/script.ts';
import { Pings } from '../src/pings.ts';
import { failsWith, outcomeOf, ProbeBridge } from './support/probe-client.ts';

const firstSlot = 10;
/** Longer than any machine is held up. */
const patientMs = 60_000;

/** Notes what is sent, and does with it what it is told. */
class FakeNative {
  readonly lanes: number;
  /** What ping() returns, by turns; 0 once there are no more. */
  readonly statuses: number[] = [];
  readonly sent: { readonly number: number; readonly lane: number; readonly timeoutMs: number }[] = [];

  constructor(lanes: number) {
    this.lanes = lanes;
  }

  ping(number: number, lane: number, timeoutMs: number): number {
    const status = this.statuses.shift() ?? 0;
    if (status === 0) this.sent.push({ number, lane, timeoutMs });
    return status;
  }
}

describe('Pings', () => {
  it('tells which lanes have answered, in whatever order that was', async () => {
    const outcomes = fc.array(fc.record({ answered: fc.boolean(), order: fc.nat() }), { minLength: 1, maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(outcomes, async (lanes) => {
        const native = new FakeNative(lanes.length);
        const pings = new Pings(native, firstSlot);
        const all = pings.all(patientMs);
        assert.deepEqual(
          native.sent.map(({ lane }) => lane),
          lanes.map((_, lane) => lane),
        );
        const coming = native.sent.map((sent) => ({ ...sent, ...lanes[sent.lane] }));
        for (const { number, answered } of coming.sort((a, b) => (a.order ?? 0) - (b.order ?? 0))) {
          pings.take(firstSlot + number, answered === true ? 0 : -errors.DEADLINE_EXCEEDED.number);
        }
        const result = await all;
        assert.deepEqual(
          result.map(({ lane, ms }) => ({ lane, answered: ms !== undefined })),
          lanes.map(({ answered }, lane) => ({ lane, answered })),
        );
      }),
    );
  });

  it('uses a number again only once its outcome has come', async () => {
    const native = new FakeNative(maxPings);
    const pings = new Pings(native, firstSlot);
    const first = pings.all(patientMs);
    const second = pings.all(patientMs);
    assert.equal(new Set(native.sent.map(({ number }) => number)).size, maxPings);
    for (const { number } of native.sent.splice(0)) pings.take(firstSlot + number, 0);
    await eventually('those that found none free', () => native.sent.length === maxPings);
    assert.equal(new Set(native.sent.map(({ number }) => number)).size, maxPings);
    for (const { number } of native.sent) pings.take(firstSlot + number, 0);
    for (const { ms } of [...(await first), ...(await second)]) assert.ok(ms !== undefined && ms >= 0);
  });

  it('waits for room, and takes that time from what an answer may take', async () => {
    const native = new FakeNative(1);
    native.statuses.push(-errors.RING_FULL.number, -errors.TOO_MANY_CALLS.number);
    const pings = new Pings(native, firstSlot);
    const all = pings.all(patientMs);
    await eventually('room', () => native.sent.length === 1);
    const sent = native.sent[0];
    assert.ok(sent !== undefined && sent.timeoutMs <= patientMs - 5);
    pings.take(firstSlot + sent.number, 0);
    const [lane] = await all;
    assert.ok(lane?.ms !== undefined && lane.ms >= 5);
  });

  it('takes a lane that never has room for one that does not answer', async () => {
    const native = new FakeNative(1);
    native.statuses.push(...Array.from({ length: 10_000 }, () => -errors.RING_FULL.number));
    assert.deepEqual(await new Pings(native, firstSlot).all(30), [{ lane: 0, ms: undefined }]);
    assert.equal(native.sent.length, 0);
  });

  it('does not wait where the instance has gone', async () => {
    for (const code of ['INSTANCE_LOST', 'INSTANCE_DRAINING', 'PEER_CORRUPT'] as const) {
      const native = new FakeNative(1);
      native.statuses.push(-errors[code].number);
      assert.deepEqual(await within(patientMs, new Pings(native, firstSlot).all(2 ** 31 - 1)), [
        { lane: 0, ms: undefined },
      ]);
    }
  });

  it('ends with its channel', async () => {
    const native = new FakeNative(2);
    native.statuses.push(0, -errors.RING_FULL.number);
    const pings = new Pings(native, firstSlot);
    const all = pings.all(2 ** 31 - 1);
    pings.close();
    assert.deepEqual(await within(patientMs, all), [
      { lane: 0, ms: undefined },
      { lane: 1, ms: undefined },
    ]);
    assert.equal(native.sent.length, 1);
    // What comes late is nobody's.
    pings.take(firstSlot, 0);
    pings.take(firstSlot + 5, 0);
  });
});

describe('$ping', () => {
  it('is answered by every thread of every instance', async () => {
    using folder = new TemporaryFolder();
    await using a = await startProbe(folder.join('a.sock'), '--threads', '3');
    await using b = await startProbe(folder.join('b.sock'));
    await using client = await connect(probe, { path: folder.path });
    await eventually('both', () => client.$instances.length === 2);
    const pings = [...(await client.$ping({ timeoutMs: patientMs }))].sort((x, y) => x.lanes.length - y.lanes.length);
    assert.deepEqual(
      pings.map(({ path, pid, lanes }) => ({ path, pid, lanes: lanes.map(({ lane }) => lane) })),
      [
        { path: b.socket, pid: b.pid, lanes: [0] },
        { path: a.socket, pid: a.pid, lanes: [0, 1, 2] },
      ],
    );
    for (const { ms } of pings.flatMap(({ lanes }) => lanes)) assert.ok(ms !== undefined && ms > 0);
    const [only, ...others] = await client.$ping({ timeoutMs: patientMs, path: a.socket });
    assert.equal(only?.path, a.socket);
    assert.deepEqual(others, []);
    assert.deepEqual(await client.$ping({ path: folder.join('c.sock') }), []);
  });

  it('is not answered by a thread that is stuck, and is no call', async () => {
    for (const wait of ['adaptive', 'block', 'spin'] as const) {
      // With 1, all calls that there may be are in flight, so that there is no room either.
      for (const maxInFlight of [1, 2]) {
        await using bridge = await ProbeBridge.start({ wait, maxInFlight });
        const { client, instance } = bridge;
        const stuck = outcomeOf(client.sleep({ microseconds: 600_000_000, tag: 0 }, { timeoutMs: patientMs }));
        const pings = client.$ping({ timeoutMs: 20 });
        assert.equal(client.$instances[0]?.inFlight, 1);
        assert.deepEqual((await pings)[0]?.lanes, [{ lane: 0, ms: undefined }]);
        instance.kill('SIGKILL');
        assert.equal(await within(patientMs, stuck), 'INSTANCE_LOST');
      }
    }
  });

  it('is answered once the thread has time for it, and there is room', async () => {
    for (const maxInFlight of [1, 2]) {
      await using bridge = await ProbeBridge.start({ maxInFlight });
      const { client } = bridge;
      const slow = client.sleep({ microseconds: 100_000, tag: 5 });
      const [ping] = await client.$ping({ timeoutMs: patientMs });
      assert.ok(ping?.lanes[0]?.ms !== undefined);
      assert.equal((await slow).tag, 5);
    }
  });

  it('goes on beside calls of all kinds', async () => {
    for (const copyReplies of [false, true]) {
      await using bridge = await ProbeBridge.start({ copyReplies }, '--threads', '2');
      const { client } = bridge;
      let over = false;
      const rounds = Array.from({ length: 4 }, async () => {
        for (let count = 0; !over; count++) {
          const [ping] = await client.$ping({ timeoutMs: patientMs });
          assert.ok(ping?.lanes.length === 2 && ping.lanes.every(({ ms }) => ms !== undefined));
          if (count % 10 === 0) await sleep(1);
        }
      });
      for (let i = 0n; i < 200n; i++) {
        const doubled = client.double({ value: i });
        assert.equal(client.double.sync({ value: i }).value, i * 2n);
        assert.equal((await doubled).value, i * 2n);
      }
      over = true;
      await Promise.all(rounds);
    }
  });

  it('is answered also where only synchronous calls are made meanwhile', async () => {
    await using bridge = await ProbeBridge.start({ maxInFlight: 2 });
    const { client } = bridge;
    const pings = Array.from({ length: maxPings + 10 }, (_, i) => {
      const ping = client.$ping({ timeoutMs: patientMs });
      assert.equal(client.double.sync({ value: BigInt(i) }).value, BigInt(i) * 2n);
      return ping;
    });
    for (const [ping] of await Promise.all(pings)) assert.ok(ping?.lanes[0]?.ms !== undefined);
  });

  it('leaves out an instance that goes meanwhile', async () => {
    await using bridge = await ProbeBridge.start();
    const stuck = outcomeOf(bridge.client.sleep({ microseconds: 600_000_000, tag: 0 }, { timeoutMs: patientMs }));
    const pings = bridge.client.$ping({ timeoutMs: 2 ** 31 - 1 });
    bridge.instance.kill('SIGKILL');
    assert.deepEqual(await within(patientMs, pings), []);
    assert.equal(await stuck, 'INSTANCE_LOST');
  });

  it('checks what it is given', async () => {
    await using bridge = await ProbeBridge.start();
    await assert.rejects(bridge.client.$ping({ timeoutMs: 0 }), failsWith('INVALID_ARGUMENT', /timeoutMs/));
    await bridge.client.$close();
    await assert.rejects(bridge.client.$ping(), failsWith('CLOSED'));
  });

  it('keeps a process alive until it is over, and no longer', async () => {
    await using bridge = await ProbeBridge.start();
    const { client, instance } = bridge;
    const stuck = outcomeOf(client.sleep({ microseconds: 600_000_000, tag: 0 }, { timeoutMs: 2 * patientMs }));
    const ending = await runScript(
      instance.socket,
      `const client = await connect(probe, { path: socket, connectTimeoutMs: ${patientMs} });
       void client.$ping({ timeoutMs: 50 }).then(([ping]) => console.log(ping.lanes));`,
      { timeoutMs: patientMs },
    );
    assert.deepEqual(
      { code: ending.code, stdout: ending.stdout.trim() },
      { code: 0, stdout: '[ { lane: 0, ms: undefined } ]' },
    );
    instance.kill('SIGKILL');
    assert.equal(await stuck, 'INSTANCE_LOST');
  });
});
