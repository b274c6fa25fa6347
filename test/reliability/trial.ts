/** One combination tried: a fresh instance, clients that load it, one of them all killed or stopped, and what must hold after it. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@isthmus/core';
import { stateOf } from '../e2e/support/processes.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import type { Combination } from './failpoints.ts';
import { Ledger, numbersPerClient } from './ledger.ts';
import { LoadProcess, nodeClient, patienceMs } from './load-process.ts';
import type { Programs } from './programs.ts';
import { holdsNoMore, idleResources, residentKib } from './resources.ts';
import { siege } from './siege.schema.ts';

/** The deadline of calls where somebody is killed: nobody may come to it. */
const patientMs = 60_000;
/** The deadline of calls where somebody is stopped for longer than that. */
const briskMs = 500;
/** Rounds that must be clean after it; every third ends a connection. */
const cleanRounds = 4;
const grownKib = 32 * 1024;
/** A client in Node takes long to start: it lives through so many instances. */
const mostUses = 25;

interface Survivor {
  readonly process: LoadProcess;
  readonly number: number;
  uses: number;
}

export class Trials implements AsyncDisposable {
  readonly #plain: Programs;
  readonly #failing: Programs;
  readonly #folder = new TemporaryFolder();
  readonly #ledger = new Ledger(this.#folder.join('ledger'));
  readonly #socket = this.#folder.join('siege.sock');
  /** The clients in Node that are used again, by whether they are patient. */
  readonly #survivors = new Map<boolean, Survivor>();
  #clients = 0;

  constructor(plain: Programs, failing: Programs) {
    this.#plain = plain;
    this.#failing = failing;
  }

  /** Throws what was not as promised. */
  async run(combination: Combination): Promise<void> {
    const first = this.#clients + 1;
    try {
      if (combination.side === 'service') await this.#runService(combination);
      else if (combination.isEnding) await this.#runEnding(combination.side, combination);
      else await this.#runClient(combination.side, combination);
    } catch (error) {
      await this.#dropSurvivors();
      throw error;
    }
    for (let client = first; client <= this.#clients; client += 1) this.#assertOnce(client);
  }

  /** Ends what is used again. Throws what was not as promised. */
  async finish(): Promise<void> {
    for (const patient of [true, false]) await this.#endSurvivor(patient);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dropSurvivors();
    this.#ledger[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }

  /** An instance fails while a client in C and one in Node load it. */
  async #runService(combination: Combination): Promise<void> {
    const isStop = combination.action === 'stop';
    await using c = this.#startClient('C client', this.#plain, !isStop);
    const survivor = await this.#survivor(!isStop);
    const clients = [c, survivor];
    const victim = this.#startInstance(this.#failing, combination);
    await using _ = victim;
    if (combination.isEnding) {
      await this.#goOn(clients);
      victim.kill('SIGTERM');
    }
    if (isStop) {
      await this.#until(clients, 'the failpoint is reached', () => stateOf(victim.pid) === 'T');
      // Calls end at their deadlines meanwhile: rounds go on.
      const rounds = clients.map((client) => client.rounds);
      await this.#until(clients, 'a round ends while the instance is stopped', () =>
        clients.every((client, i) => client.rounds > (rounds[i] ?? 0)),
      );
      victim.kill('SIGCONT');
      if (!combination.isEnding) {
        await this.#goOn(clients);
        await c.end();
        await endInstance(victim);
        return;
      }
    }
    await this.#until(clients, 'the instance has ended', () => !victim.running);
    assert.equal(await victim.exited(), isStop ? 0 : signalOf(combination), victim.stderr);
    await using successor = this.#startInstance(this.#plain);
    await this.#goOn(clients);
    await c.end();
    await endInstance(successor);
  }

  /** A client fails while another one loads the same instance. */
  async #runClient(side: 'C client' | 'Node client', combination: Combination): Promise<void> {
    const isStop = combination.action === 'stop';
    await using instance = this.#startInstance(this.#plain);
    // It listens before it serves, and has not opened all that it needs then.
    await (await connect(siege, { path: this.#socket, connectTimeoutMs: patienceMs })).$close();
    const idle = await idleResources(instance.pid);
    await using witness = this.#startClient('C client', this.#plain, true);
    await this.#goOn([witness]);
    const kib = residentKib(instance.pid);
    await using victim = this.#startClient(side, this.#failing, !isStop, combination);
    if (isStop) {
      await this.#until([witness], 'the failpoint is reached', () => stateOf(victim.pid) === 'T');
      await this.#goOn([witness]);
      await sleep(2 * briskMs);
      victim.kill('SIGCONT');
      await this.#goOn([witness, victim]);
      await victim.end();
    } else {
      await this.#until([witness], 'the failpoint is reached', () => !victim.running);
      assert.equal(await victim.exited(), signalOf(combination), victim.stderr);
      await this.#goOn([witness]);
    }
    await witness.end();
    await holdsNoMore(instance.pid, idle);
    const grown = residentKib(instance.pid) - kib;
    assert.ok(grown < grownKib, `the instance has grown by ${grown} KiB`);
    await endInstance(instance);
  }

  /** A client fails when it learns that its instance ends: others move on to the next one. */
  async #runEnding(side: 'C client' | 'Node client', combination: Combination): Promise<void> {
    const isStop = combination.action === 'stop';
    await using witness = this.#startClient('C client', this.#plain, true);
    await using victim = this.#startClient(side, this.#failing, !isStop, combination);
    const isReached = (): boolean => (isStop ? stateOf(victim.pid) === 'T' : !victim.running);
    // It may have ended a connection just before it would have learned of it.
    while (!isReached()) {
      await using instance = this.#startInstance(this.#plain);
      await this.#goOn([witness]);
      await this.#until([witness], 'the client works', () => isReached() || victim.clean > 0);
      instance.kill('SIGTERM');
      await this.#until([witness], 'the instance ends', () => !instance.running || isReached());
      // One that was stopped is waited for, and no longer than the drain's time.
      instance.kill('SIGTERM');
      assert.equal(await instance.exited(), 0, instance.stderr);
    }
    if (isStop) victim.kill('SIGCONT');
    else assert.equal(await victim.exited(), signalOf(combination), victim.stderr);
    await using successor = this.#startInstance(this.#plain);
    await this.#goOn(isStop ? [witness, victim] : [witness]);
    if (isStop) await victim.end();
    await witness.end();
    await endInstance(successor);
  }

  /** The client in Node of either kind. */
  async #survivor(patient: boolean): Promise<LoadProcess> {
    if (this.#survivors.get(patient)?.uses === mostUses) await this.#endSurvivor(patient);
    let survivor = this.#survivors.get(patient);
    if (survivor === undefined) {
      const process = this.#startClient('Node client', this.#plain, patient);
      survivor = { process, number: this.#clients, uses: 0 };
      this.#survivors.set(patient, survivor);
    }
    survivor.uses += 1;
    return survivor.process;
  }

  async #endSurvivor(patient: boolean): Promise<void> {
    const survivor = this.#survivors.get(patient);
    if (survivor === undefined) return;
    this.#survivors.delete(patient);
    // It looks at its standard input between rounds, and a round needs an instance.
    await using _ = this.#startInstance(this.#plain);
    await using process = survivor.process;
    await process.end();
    this.#assertOnce(survivor.number);
  }

  async #dropSurvivors(): Promise<void> {
    for (const { process } of this.#survivors.values()) await process[Symbol.asyncDispose]();
    this.#survivors.clear();
  }

  /** Reads what the instances did of a client's calls. */
  #assertOnce(client: number): void {
    assert.deepEqual(this.#ledger.repeated(client), [], 'calls were executed more than once');
  }

  /** Has clients make rounds in which nothing goes wrong. */
  async #goOn(clients: readonly LoadProcess[]): Promise<void> {
    const clean = clients.map((client) => client.clean);
    await this.#until(clients, 'calls succeed', () =>
      clients.every((client, i) => client.clean >= (clean[i] ?? 0) + cleanRounds),
    );
  }

  async #until(clients: readonly LoadProcess[], what: string, probe: () => boolean): Promise<void> {
    await eventually(
      what,
      () => {
        for (const client of clients) client.assertWell();
        return probe();
      },
      patienceMs,
    );
  }

  #startInstance(programs: Programs, failing?: Combination): Instance {
    const env = { SIEGE_LEDGER: this.#ledger.path, ...envOf(failing) };
    return new Instance(programs.siege, this.#socket, ['--threads', '2', '--wait', 'block'], env);
  }

  #startClient(
    side: 'C client' | 'Node client',
    programs: Programs,
    patient: boolean,
    failing?: Combination,
  ): LoadProcess {
    const firstNumber = ++this.#clients * numbersPerClient;
    const timeoutMs = patient ? patientMs : briskMs;
    const command = side === 'C client' ? [programs.load] : nodeClient;
    const args = { socket: this.#socket, ledger: this.#ledger.path, firstNumber, timeoutMs, patient };
    const env = { NODE_COMPILE_CACHE: this.#folder.join('cache'), ...programs.nodeEnv, ...envOf(failing) };
    return new LoadProcess(command, args, env);
  }
}

/** What it still holds it says on stderr and by its exit status, or does not end. */
async function endInstance(instance: Instance): Promise<void> {
  instance.kill('SIGTERM');
  assert.equal(await instance.exited(), 0, instance.stderr);
  assert.equal(instance.stderr, '');
}

function envOf(failing: Combination | undefined): Record<string, string> {
  return failing === undefined ? {} : { ISTHMUS_FAILPOINT: `${failing.failpoint}=${failing.action}@${failing.hit}` };
}

function signalOf({ action }: Combination): NodeJS.Signals {
  return action === 'segv' ? 'SIGSEGV' : 'SIGKILL';
}
