/** A process of load.c or client.ts: started, watched while it makes its rounds, and ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { within } from '../support/eventually.ts';

/** No test waits longer for anything; none of it takes a second on a machine that has nothing else to do. */
export const patienceMs = 120_000;

/** The command of a client in Node. */
export const nodeClient = [process.execPath, fileURLToPath(new URL('client.ts', import.meta.url))];

export interface LoadSummary {
  readonly calls: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface LoadArguments {
  readonly socket: string;
  readonly ledger: string;
  readonly firstNumber: number;
  readonly timeoutMs: number;
  readonly patient: boolean;
}

export class LoadProcess implements AsyncDisposable {
  /** Rounds that it has made, and those of them in which nothing went wrong. */
  rounds = 0;
  clean = 0;
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | NodeJS.Signals | null>;
  #stderr = '';
  #summary: LoadSummary | undefined;

  constructor(command: readonly string[], args: LoadArguments, env: Readonly<Record<string, string>> = {}) {
    const [program = '', ...first] = command;
    const { socket, ledger, firstNumber, timeoutMs, patient } = args;
    const given = [...first, socket, ledger, String(firstNumber), String(timeoutMs), patient ? '1' : '0'];
    this.#process = spawn(program, given, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.#process;
    // It may have been killed.
    stdin?.on('error', () => {});
    stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#take(line));
    // Not `exit`, before which it may have written what was not read yet.
    this.#exited = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => resolve(signal ?? code));
      this.#process.once('error', () => resolve(null));
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Its exit code, or the signal that ended it. */
  exited(): Promise<number | NodeJS.Signals | null> {
    return within(patienceMs, this.#exited);
  }

  /** Throws what it found wrong, where it has ended because of that. */
  assertWell(): void {
    if (!this.running && this.#process.exitCode !== 0) throw new Error(this.#report());
  }

  /** Has it end, and resolves with what it says then. Throws what it found wrong. */
  async end(): Promise<LoadSummary> {
    this.#process.stdin?.end();
    const status = await this.exited();
    if (status !== 0 || this.#summary === undefined) throw new Error(this.#report());
    return this.#summary;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  #take(line: string): void {
    if (line === 'clean') this.clean += 1;
    if (line === 'clean' || line === 'disturbed') this.rounds += 1;
    else if (line.startsWith('{')) this.#summary = JSON.parse(line);
  }

  #report(): string {
    const { exitCode, signalCode } = this.#process;
    return `a client ended with ${signalCode ?? exitCode} after ${this.rounds} rounds: ${this.#stderr}`;
  }
}
