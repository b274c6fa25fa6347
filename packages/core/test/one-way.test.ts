/** Calls without replies: sent once, in order, and that is all that is known of them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallInfo, connect } from '@isthmus/core';
import { eventually } from '../../../test/support/eventually.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { failsWith, outcomeOf, ProbeBridge, type ProbeClient } from './support/probe-client.ts';

const totalOf = async (client: ProbeClient): Promise<bigint> => (await client.total()).value;

describe('a call without replies', () => {
  it('is executed once for each that was sent, and not for those that found no room', async () => {
    await using bridge = await ProbeBridge.start({ requestRingBytes: 4096 });
    const { client, instance } = bridge;
    await using patient = await connect(probe, { path: instance.socket, requestRingBytes: 4096, patienceMs: 20_000 });
    instance.kill('SIGSTOP');
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => outcomeOf(client.note({ value: 1n }))));
    instance.kill('SIGCONT');
    const sent = outcomes.filter((outcome) => outcome === 'ok').length;
    assert.ok(sent > 10 && sent < 200, `${sent} were sent`);
    assert.deepEqual(new Set(outcomes), new Set(['ok', 'RING_FULL']));
    // Not by the one whose ring is full.
    await eventually('them to be executed', async () => (await totalOf(patient)) === BigInt(sent));

    await Promise.all(Array.from({ length: 3000 }, () => patient.note({ value: 1n })));
    await eventually('all of them', async () => (await totalOf(patient)) === BigInt(sent + 3000));
    await sleep(20);
    assert.equal(await totalOf(patient), BigInt(sent + 3000));
  });

  it('comes before a call that is made after it', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    void client.note({ value: 1n });
    assert.equal(client.total.sync(undefined).value, 1n);
    // Within a continuation, calls gather in the outbox.
    const total = await client.ping().then(() => {
      void client.note({ value: 1n });
      const large = client.remark({ text: 'x'.repeat(300_000) });
      void client.note({ value: 1n });
      return Promise.all([large, client.total()]);
    });
    assert.deepEqual(total, [undefined, { value: 300_003n }]);
    assert.equal(client.$instances[0]?.inFlight, 0);
  });

  it('tells which instance it was sent to, and has no id', async () => {
    await using bridge = await ProbeBridge.start();
    const info: CallInfo = {};
    await bridge.client.note({ value: 1n }, { info });
    assert.deepEqual(info, { instance: bridge.instance.socket });
    await assert.rejects(bridge.client.note({ value: 1n }, { info: Object.freeze({}) }), failsWith('INTERNAL'));
    assert.equal(bridge.client.$instances[0]?.inFlight, 0);
  });

  it('is not sent where it cannot be', async () => {
    await using bridge = await ProbeBridge.start();
    const { client } = bridge;
    await assert.rejects(client.note({ value: 1n }, { signal: AbortSignal.abort() }), failsWith('CANCELLED'));
    await assert.rejects(client.note.json({ value: 1n }), failsWith('INVALID_INPUT'));
    await assert.rejects(client.remark({ text: 'x'.repeat(600_000) }), failsWith('RECORD_TOO_LARGE', /remark/));
    assert.equal(await totalOf(client), 0n);
    bridge.instance.kill('SIGKILL');
    await eventually('the loss', () => client.$instances.length === 0);
    await assert.rejects(client.note({ value: 1n }), failsWith('NO_INSTANCE'));
    await client.$close();
    await assert.rejects(client.note({ value: 1n }), failsWith('CLOSED'));
  });
});
