/** Instances that mean harm: every call to one ends by its deadline, and what goes on elsewhere in the process goes on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@isthmus/core';
import { compileService } from '../../../test/support/compile.ts';
import { eventually, within } from '../../../test/support/eventually.ts';
import { startInstance } from '../../../test/support/instance.ts';
import { probe } from '../../../test/support/probe.schema.ts';
import { everything, kinds } from '../../../test/support/probe.ts';
import { outcomeOf, ProbeBridge, type ProbeClient } from './support/probe-client.ts';

const source = readFileSync(join(import.meta.dirname, 'support/hostile.c'), 'utf8');
const harms = ['scribble', 'garbage', 'silent', 'signals', 'leaves'];
const seed = Number(process.env.ISTHMUS_HOSTILE_SEED ?? Date.now() % 2 ** 31);
/** Far more than any of the deadlines below: a machine that is busy lets nobody run for seconds. */
const PATIENCE_MS = 120_000;

for (const harm of harms) {
  describe(`an instance that means harm (${harm}, seed ${seed})`, { timeout: 2 * PATIENCE_MS }, () => {
    it('has every call end, and disturbs no call to another', async () => {
      await using good = await ProbeBridge.start();
      const bad = good.folder.join('b.sock');
      await using instance = await startInstance(
        compileService(probe, source, undefined, true),
        bad,
        harm,
        String(seed),
      );
      // Instances that leave may do so during the first handshake too.
      await using hostile = await connect(probe, { path: bad, waitForInstance: false });
      const seen = new Map<string, number>();
      // Something must come through: an instance that only leaves would be no more than one that is not there.
      const reached = () => [...seen.keys()].some((outcome) => !['ok', 'NO_INSTANCE'].includes(outcome));
      for (let round = 0; round < 20 || !reached(); round++) {
        const calls = callAll(hostile, round % 2 === 0 ? 20 : 200);
        const others = Array.from({ length: 10 }, (_, i) => good.client.double({ value: BigInt(round * 10 + i) }));
        for (const [i, { value }] of (await within(PATIENCE_MS, Promise.all(others))).entries())
          assert.equal(value, BigInt(round * 10 + i) * 2n);
        for (const outcome of await within(PATIENCE_MS, Promise.all(calls)))
          seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        await sleep(10);
      }
      assert.ok(instance.running, instance.stderr);
      // An outcome that a program can act on, and no accident inside of the bridge.
      assert.ok(
        [...seen.keys()].every((outcome) => outcome === 'ok' || /^[A-Z][A-Z_]+$/.test(outcome)),
        [...seen].join(),
      );
      await hostile.$close();
      await eventually('a good call afterwards', async () => (await good.client.double({ value: 4n })).value === 8n);
    });
  });
}

/** One call of each kind, each with a deadline; their outcomes never reject. */
function callAll(client: ProbeClient, timeoutMs: number): Promise<string>[] {
  const options = { timeoutMs };
  return [
    outcomeOf(client.double({ value: 21n }, options)),
    outcomeOf(client.echo(everything, options)),
    outcomeOf(client.kinds(kinds, options)),
    outcomeOf(client.flip(new Uint8Array(300), options)),
    outcomeOf(client.json(kinds, options)),
    outcomeOf(client.msgpack(kinds, options)),
    outcomeOf(client.protobuf(kinds, options)),
    outcomeOf(client.note({ value: 1n })),
    outcomeOf(drain(client.burst({ count: 5 }, options))),
    outcomeOf(drain(client.pieces(new Uint8Array(5000), options))),
  ];
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
