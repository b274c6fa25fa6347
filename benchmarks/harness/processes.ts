/** Programs that are measured: started on a CPU, listened to, and ended whatever they do. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type CpuTime, cpuTimeOf, descendantsOf, memoryOf, memoryOfAll } from './cpu-time.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Beside the runner's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface StartOptions {
  /** Whom an error is about. */
  readonly name: string;
  /** The CPU that it and its children run on. Undefined: any. */
  readonly cpu?: number | undefined;
  /** Whether it gets nearly all of its CPU, whatever else the machine has to do: see `--urgent`. */
  readonly urgent?: boolean | undefined;
  /** How it is told to end. Default: by the end of its stdin. */
  readonly endBy?: 'stdin' | 'SIGTERM' | undefined;
}

/**
 * A session's share of the CPU, where Linux gives sessions shares (autogroups), and a process's share of that. Not real time: where two that
 * wait for each other share a CPU, each would wait for the other to sleep.
 */
const urgently = 'if [ -w /proc/self/autogroup ]; then echo -20 >/proc/self/autogroup; fi; exec nice -n -20 "$@"';
/** How long it may take to end by itself, and then after SIGTERM. */
const stopMs = 5000;
/** So much of what it says on stderr goes into errors. */
const maxErrorText = 4000;

/** A program that runs until its stdin ends. */
export class Program implements AsyncDisposable {
  readonly #name: string;
  readonly #endBy: StartOptions['endBy'];
  readonly #isUrgent: boolean;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;
  /** And its output with it: of whoever it started, too. */
  readonly #closed: Promise<unknown>;
  #errorText = '';

  /** The program is found by PATH; that it is not there is told by `line`. */
  constructor(command: Command, options: StartOptions) {
    this.#name = options.name;
    this.#endBy = options.endBy;
    this.#isUrgent = options.urgent ?? false;
    const [program = '', ...args] = commandLine(command, options);
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: what it has started can be ended with it.
      detached: true,
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
    });
    this.#child = child;
    const failed = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#errorText += error.message;
        resolve(error);
      });
    });
    this.#exited = Promise.race([failed, new Promise((resolve) => child.once('exit', resolve))]);
    this.#closed = Promise.race([failed, new Promise((resolve) => child.once('close', resolve))]);
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errorText = `${this.#errorText}${chunk}`.slice(-maxErrorText);
    });
    // It may be gone before its stdin is ended.
    child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line that it prints. @throws Error if it ends, or says nothing for `timeoutMs`; with what it said on stderr. */
  async line(what: string, timeoutMs: number): Promise<string> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), timeoutMs);
    try {
      const next = await Promise.race([this.#lines.next(), late.promise]);
      if (next === undefined) throw this.#error(`said no "${what}" within ${timeoutMs} ms`);
      if (next.done !== true) {
        if (this.#isUrgent) this.#urgeDescendants();
        return next.value;
      }
      await Promise.race([this.#closed, late.promise]);
      throw this.#error(`ended without "${what}", ${this.#end()}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The same, where only this line will do. */
  async expect(line: string, timeoutMs: number): Promise<void> {
    const got = await this.line(line, timeoutMs);
    if (got !== line) throw this.#error(`said "${got}" in the place of "${line}"`);
  }

  /** Passes over lines until one contains `text`. */
  async lineWith(text: string, timeoutMs: number): Promise<string> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const line = await this.line(text, end - performance.now());
      if (line.includes(text)) return line;
    }
  }

  /** Writes a line to its stdin. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  get cpuTime(): CpuTime {
    return this.#child.pid === undefined ? { own: 0, descendants: 0 } : cpuTimeOf(this.#child.pid);
  }

  /** Bytes of memory that it has touched: see memoryOf. */
  get memory(): number {
    return this.#child.pid === undefined ? 0 : memoryOf(this.#child.pid);
  }

  /** The same, of it and of what it has started. */
  get memoryOfAll(): number {
    return this.#child.pid === undefined ? 0 : memoryOfAll(this.#child.pid);
  }

  /** Tells it to end, and makes it if it does not; resolves once it has gone, and whoever it started has been killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    if (this.#endBy === 'SIGTERM' || !(await this.#gone())) {
      this.#child.kill('SIGTERM');
      await this.#gone();
    }
    this.#killGroup();
    await this.#exited;
  }

  async #gone(): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), stopMs);
    try {
      return await Promise.race([this.#exited.then(() => true), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What it has started may have sessions of its own, and so shares of its own: supervised instances, workers. */
  #urgeDescendants(): void {
    for (const pid of this.#child.pid === undefined ? [] : descendantsOf(this.#child.pid)) {
      try {
        writeFileSync(`/proc/${pid}/autogroup`, '-20');
      } catch {
        // It has gone, or there are no autogroups.
      }
    }
  }

  #killGroup(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // Nobody of it is left.
    }
  }

  #end(): string {
    const { exitCode, signalCode } = this.#child;
    return signalCode === null ? `exit code ${exitCode}` : `by ${signalCode}`;
  }

  #error(what: string): Error {
    const text = this.#errorText.trim();
    return new Error(`${this.#name} ${what}${text === '' ? '' : `; it said: ${text}`}`);
  }
}

/** What comes before the program becomes the program: there is no process between. */
export function commandLine(command: Command, { cpu, urgent = false }: StartOptions): string[] {
  return [
    // Not as urgent as the runner, whose class it would have otherwise.
    ...(urgent ? ['chrt', '--other', '0', 'sh', '-c', urgently, 'sh'] : []),
    ...(cpu === undefined ? [] : ['taskset', '--cpu-list', String(cpu)]),
    command.program,
    ...command.args,
  ];
}

/** Has this process, which sleeps nearly always, run at once when it has something to do. @throws Error where it may not. */
export function raiseRunner(): void {
  const args = ['--all-tasks', '--rr', '--pid', '1', String(process.pid)];
  execFileSync('chrt', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
