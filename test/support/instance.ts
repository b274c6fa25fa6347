/** Running instances of compiled services. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { eventually, within } from './eventually.ts';
import { stopProcess } from './stop-process.ts';

/** One process of a service, and its socket. Ended when disposed, whatever state it is in. */
export class Instance implements AsyncDisposable {
  readonly socket: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | NodeJS.Signals | null>;
  #stderr = '';

  /** @param env Variables beside those of this process. */
  constructor(program: string, socket: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.socket = socket;
    const { ISTHMUS_PARENT_FD: _, ...inherited } = process.env;
    this.#process = spawn(program, args, {
      env: { ...inherited, ...env, ISTHMUS_SOCKET: socket },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => resolve(signal ?? code));
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

  /** Resolves once it accepts connections. */
  async ready(): Promise<this> {
    await eventually(`an instance on ${this.socket}`, () => {
      if (!this.running) throw new Error(`the instance ended: ${this.#stderr}`);
      return accepts(this.socket);
    });
    return this;
  }

  /** SIGSTOP has taken effect when this returns. */
  kill(signal: NodeJS.Signals): void {
    if (signal === 'SIGSTOP') stopProcess(this.pid);
    else this.#process.kill(signal);
  }

  /** Its exit code, or the signal that ended it. */
  exited(): Promise<number | NodeJS.Signals | null> {
    return within(60_000, this.#exited);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGCONT');
    this.#process.kill('SIGTERM');
    const killer = setTimeout(() => this.#process.kill('SIGKILL'), 2000);
    await this.#exited;
    clearTimeout(killer);
  }
}

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** Starts an instance that listens on `socket` and waits until it does. */
export function startInstance(program: string, socket: string, ...args: readonly string[]): Promise<Instance> {
  return new Instance(program, socket, args).ready();
}
