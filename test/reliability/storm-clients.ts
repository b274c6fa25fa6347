/** The clients of a storm: some in Node, of all instances, and some in C, each of one. Others take the place of those that were killed. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ledger, mostClients, numbersPerClient } from './ledger.ts';
import { LoadProcess, nodeClient, patienceMs } from './load-process.ts';
import type { Programs } from './programs.ts';
import type { Random } from './random.ts';

const inNode = 2;
const inC = 3;
const timeoutMs = 1000;
/** Rounds that each must make in the end without anything going wrong. */
const cleanRounds = 10;

export class StormClient {
  readonly #process: LoadProcess;
  #killed = false;

  constructor(process: LoadProcess) {
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get process(): LoadProcess {
    return this.#process;
  }

  get killed(): boolean {
    return this.#killed;
  }

  kill(): void {
    this.#killed = true;
    this.#process.kill('SIGKILL');
  }
}

export class StormClients {
  /** Of all clients that there were: the place of their numbers in the ledger. */
  readonly numbers: number[] = [];
  readonly problems: string[] = [];
  readonly outcomes: Record<string, number> = {};
  calls = 0;
  readonly #starts: readonly (() => StormClient)[];
  readonly #clients: StormClient[];
  readonly #ledger: Ledger;
  readonly #checking: Promise<void>[] = [];

  constructor(programs: Programs, ledger: Ledger, folder: string, sockets: readonly string[]) {
    this.#ledger = ledger;
    const starts = Array.from({ length: inNode }, () => () => this.#start(nodeClient, folder));
    for (let i = 0; i < inC; i += 1) {
      const socket = join(folder, sockets[i % sockets.length] ?? '');
      starts.push(() => this.#start([programs.load], socket));
    }
    this.#starts = starts;
    this.#clients = starts.map((start) => start());
  }

  any(random: Random): StormClient {
    const client = this.#clients[random(this.#clients.length)];
    if (client === undefined) throw new Error('there are no clients');
    return client;
  }

  /** Starts others for those that have ended: killed, or because they had used up their numbers. */
  keepUp(): void {
    for (const [place, client] of this.#clients.entries()) {
      if (client.process.running) continue;
      if (!client.killed) this.#check(client);
      const start = this.#starts[place];
      if (start !== undefined && this.numbers.length < mostClients - 1) this.#clients[place] = start();
    }
  }

  /** Waits until each of them has made some rounds in which nothing went wrong. */
  async goOn(): Promise<void> {
    this.keepUp();
    const goals = this.#clients.map(({ process }) => process.clean + cleanRounds);
    const end = performance.now() + patienceMs;
    const isBehind = ({ process }: StormClient, place: number): boolean => process.clean < (goals[place] ?? 0);
    while (this.#clients.some((client, place) => client.process.running && isBehind(client, place))) {
      if (performance.now() > end) {
        this.problems.push('calls do not succeed after the storm');
        return;
      }
      await sleep(10);
    }
  }

  /** Ends them, and adds up what they say. */
  async end(): Promise<void> {
    for (const client of this.#clients) if (!client.killed) this.#check(client);
    await Promise.all(this.#checking);
  }

  #check({ process }: StormClient): void {
    const checked = process.end().then(
      ({ calls, outcomes }) => {
        this.calls += calls;
        for (const [code, times] of Object.entries(outcomes)) this.outcomes[code] = (this.outcomes[code] ?? 0) + times;
      },
      (error: unknown) => {
        this.problems.push(String(error));
      },
    );
    this.#checking.push(checked);
  }

  #start(command: readonly string[], socket: string): StormClient {
    const number = this.numbers.length + 1;
    this.numbers.push(number);
    const args = {
      socket,
      ledger: this.#ledger.path,
      firstNumber: number * numbersPerClient,
      timeoutMs,
      patient: false,
    };
    return new StormClient(new LoadProcess(command, args));
  }
}
