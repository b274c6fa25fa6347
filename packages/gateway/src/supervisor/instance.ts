/** One process of a service: started, logged, started again when it dies, stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { IsthmusError } from '@isthmus/schema';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { LineSplitter } from './lines.ts';
import type { SupervisorLog } from './log.ts';

/** What an instance may say in one line, in bytes; longer lines are cut, so that a runaway program cannot fill memory. */
const maxLineBytes = 8192;
/** From this many deaths in a row on, the log calls it a crash loop. */
const crashLoopDeaths = 3;

export interface InstanceOptions {
  /** As the log names it: `pricing/1`. */
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly socketPath: string;
  readonly log: SupervisorLog;
  readonly backoff?: BackoffOptions;
}

/** Where an instance is: `waiting` is between a death and the next start. */
export type InstanceState = 'idle' | 'running' | 'waiting' | 'stopped';

export class Instance {
  readonly name: string;
  readonly #options: InstanceOptions;
  readonly #backoff: Backoff;
  #state: InstanceState = 'idle';
  #child: ChildProcess | undefined;
  #restarts = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(options: InstanceOptions) {
    this.name = options.name;
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** The process's id while one is running. */
  get pid(): number | undefined {
    return this.#state === 'running' ? this.#child?.pid : undefined;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Starts the process. Once it has started, a later death is answered with a restart, for ever.
   *
   * @throws IsthmusError CONFIG_INVALID when the command cannot be run at all.
   */
  async start(): Promise<void> {
    const child = this.#spawn();
    try {
      await once(child, 'spawn');
    } catch (cause) {
      this.#state = 'stopped';
      throw new IsthmusError('CONFIG_INVALID', { detail: `${this.name}: ${this.#spawnProblem(cause)}`, cause });
    }
  }

  /**
   * Asks the process to end (SIGTERM), kills it when it has not within `graceMs`, and returns when it has gone. No restart
   * follows.
   */
  async stop(graceMs: number): Promise<void> {
    const child = this.#child;
    const running = this.#state === 'running';
    this.#state = 'stopped';
    clearTimeout(this.#restartTimer);
    if (child?.pid === undefined || !running) return;
    const gone = once(child, 'exit');
    this.#signal(child, 'SIGTERM');
    const timer = setTimeout(() => {
      this.#options.log.warn({ instance: this.name, graceMs }, 'instance did not stop in time and is killed');
      this.#signal(child, 'SIGKILL');
    }, graceMs);
    await gone;
    clearTimeout(timer);
  }

  /** Kills the process at once, without waiting. For exit handlers. */
  kill(): void {
    const running = this.#state === 'running';
    this.#state = 'stopped';
    clearTimeout(this.#restartTimer);
    if (this.#child !== undefined && running) this.#signal(this.#child, 'SIGKILL');
  }

  #spawn(): ChildProcess {
    const { command, cwd, env, socketPath, log } = this.#options;
    const [program = '', ...args] = command;
    const startedAt = performance.now();
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env, ISTHMUS_SOCKET: socketPath, ISTHMUS_PARENT_FD: '0' },
      // The pipe on stdin is never written to: it ends when this process does, however that happens, and
      // isth_service_main() stops then. So no instance outlives a supervisor that was killed.
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own: a terminal's Ctrl-C reaches us only, so that calls in flight are answered before
      // instances stop; and a signal of ours reaches whatever a wrapper such as `sh -c` or `valgrind` has started.
      detached: true,
    });
    this.#child = child;
    this.#state = 'running';
    this.#logOutput(child);
    child.once('spawn', () => log.info({ instance: this.name, instancePid: child.pid }, 'instance started'));
    child.once('exit', (code, signal) => this.#onExit(child, { code, signal }, performance.now() - startedAt));
    child.on('error', (error) => {
      // Without a pid there will be no exit event: the process never came to be.
      if (child.pid === undefined) this.#onSpawnFailure(error);
    });
    // Writing end of a pipe whose reader has gone: nothing to report, the exit says it all.
    child.stdin?.on('error', () => {});
    return child;
  }

  #onSpawnFailure(error: Error): void {
    // On the first start the caller gets the error; here a program that ran before has gone, for example during a build.
    if (this.#restarts === 0) return;
    this.#options.log.error({ instance: this.name }, this.#spawnProblem(error));
    if (this.#state === 'running') this.#restartLater(0);
  }

  #onExit(child: ChildProcess, status: { code: number | null; signal: NodeJS.Signals | null }, ranMs: number): void {
    const { log, socketPath } = this.#options;
    // What a wrapper leaves behind must neither keep the socket nor run beside the next process.
    this.#signal(child, 'SIGKILL');
    rmSync(socketPath, { force: true });
    if (this.#state === 'stopped') {
      log.info({ instance: this.name, ...status }, 'instance stopped');
      return;
    }
    log.warn({ instance: this.name, ...status, ranMs: Math.round(ranMs) }, 'instance died');
    this.#restartLater(ranMs);
  }

  #restartLater(ranMs: number): void {
    const { log } = this.#options;
    const delayMs = this.#backoff.next(ranMs);
    const { deaths } = this.#backoff;
    if (deaths >= crashLoopDeaths) {
      log.error(
        { instance: this.name, deaths, delayMs },
        'instance is in a crash loop: it died again soon after its start',
      );
    }
    this.#state = 'waiting';
    this.#restartTimer = setTimeout(() => {
      this.#restarts += 1;
      this.#spawn();
    }, delayMs);
  }

  #signal(child: ChildProcess, signal: NodeJS.Signals): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // ESRCH: the whole group has gone already, which is what was wanted.
    }
  }

  #logOutput(child: ChildProcess): void {
    const { log } = this.#options;
    for (const [stream, name] of [
      [child.stdout, 'stdout'],
      [child.stderr, 'stderr'],
    ] as const) {
      const splitter = new LineSplitter(maxLineBytes);
      const write = (lines: ReturnType<LineSplitter['end']>) => {
        for (const { bytes, truncated } of lines) {
          const text = bytes.toString('utf8').trimEnd();
          const fields = { instance: this.name, stream: name, ...(truncated ? { truncated } : {}) };
          if (text !== '') log.info(fields, text);
        }
      };
      stream?.on('data', (chunk: Buffer) => write(splitter.push(chunk)));
      stream?.on('end', () => write(splitter.end()));
    }
  }

  #spawnProblem(error: unknown): string {
    const [program = ''] = this.#options.command;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `the command ${program} cannot be run in ${this.#options.cwd} (${reason})`;
  }
}
