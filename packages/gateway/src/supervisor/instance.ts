/** One process of a service: started, logged, started again when it dies, stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { IsthmusError } from '@isthmus/schema';
import type { BackoffOptions } from './backoff.ts';
import type { Identity } from './identity.ts';
import { LastLines } from './last-lines.ts';
import { isRunnable, limited, type ResourceLimits } from './limits.ts';
import type { SupervisorLog } from './log.ts';
import { logOutput } from './output.ts';
import { type Exit, Restarts } from './restarts.ts';

export interface InstanceOptions {
  /** As the log names it: `pricing/1`. */
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of this process's own environment, only PATH is handed on. */
  readonly cleanEnv: boolean;
  readonly limits: ResourceLimits;
  /** Whose rights it has; undefined: ours. */
  readonly identity: Identity | undefined;
  readonly socketPath: string;
  readonly log: SupervisorLog;
  readonly backoff?: BackoffOptions;
}

/** Where an instance is: `waiting` is between a death and the next start, `draining` between being asked to end and its end. */
export type InstanceState = 'idle' | 'running' | 'waiting' | 'draining' | 'stopped';

/** How long an instance that is to end has, in ms. */
export interface Grace {
  /** After SIGTERM, for its clients to leave. */
  readonly drainMs: number;
  /** After the SIGINT that follows; then it is killed. */
  readonly stopMs: number;
}

export class Instance {
  readonly name: string;
  readonly socketPath: string;
  readonly #options: InstanceOptions;
  readonly #restarts: Restarts;
  readonly #lastStderr = new LastLines();
  readonly #died = Promise.withResolvers<void>();
  #state: InstanceState = 'idle';
  #child: ChildProcess | undefined;
  #onTrial = false;

  constructor(options: InstanceOptions) {
    this.name = options.name;
    this.socketPath = options.socketPath;
    this.#options = options;
    this.#restarts = new Restarts({
      what: 'instance',
      fields: { instance: options.name },
      ...{ log: options.log, backoff: options.backoff },
      lastWords: () => this.lastStderr,
    });
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** The process's id while one is running. */
  get pid(): number | undefined {
    return this.#hasProcess ? this.#child?.pid : undefined;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts.count;
  }

  /** How long its process has been running, in ms; undefined without one. */
  get uptimeMs(): number | undefined {
    return this.#hasProcess ? this.#restarts.ranMs : undefined;
  }

  /** Whether it keeps dying soon after its start. */
  get crashLoop(): boolean {
    return this.#restarts.crashLoop;
  }

  get lastExit(): Exit | undefined {
    return this.#restarts.lastExit;
  }

  /** The last lines that it wrote to stderr, those of earlier processes too. */
  get lastStderr(): readonly string[] {
    return this.#lastStderr.lines;
  }

  /** Resolves once an instance on trial has died, and its last words have been read. */
  get died(): Promise<void> {
    return this.#died.promise;
  }

  /**
   * Starts the process. Once it has started, a later death is answered with a restart, for ever; but not `onTrial`, until
   * {@link keepRunning}.
   *
   * @throws IsthmusError CONFIG_INVALID when the command cannot be run at all.
   */
  async start(mode: { readonly onTrial?: boolean } = {}): Promise<void> {
    this.#onTrial = mode.onTrial ?? false;
    const { command, limits, cwd } = this.#options;
    const [program = ''] = command;
    // A wrapper in front of it would start, and fail then.
    if (limited(command, limits) !== command && !(await isRunnable(program, cwd))) {
      this.#state = 'stopped';
      throw new IsthmusError('CONFIG_INVALID', { detail: `${this.name}: ${this.#spawnProblem('not an executable')}` });
    }
    const child = this.#spawn();
    try {
      await once(child, 'spawn');
    } catch (cause) {
      this.#state = 'stopped';
      throw new IsthmusError('CONFIG_INVALID', { detail: `${this.name}: ${this.#spawnProblem(cause)}`, cause });
    }
  }

  /** Ends the trial: from now on its deaths are answered with restarts. */
  keepRunning(): void {
    this.#onTrial = false;
  }

  /**
   * Asks the process to end (SIGTERM: it serves until its clients have left), asks harder (SIGINT), kills it, and returns when
   * it has gone. No restart follows. Of one that is draining already, it shortens the time.
   */
  async stop({ drainMs, stopMs }: Grace): Promise<void> {
    const child = this.#child;
    this.#restarts.cancel();
    if (child === undefined || !this.#hasProcess) {
      this.#state = 'stopped';
      return;
    }
    this.#state = 'draining';
    const gone = once(child, 'exit');
    this.#signal(child, 'SIGTERM');
    const timers = [
      setTimeout(() => this.#signal(child, 'SIGINT'), drainMs),
      setTimeout(() => {
        this.#options.log.warn(
          { instance: this.name, graceMs: drainMs + stopMs },
          'instance did not stop in time and is killed',
        );
        this.#signal(child, 'SIGKILL');
      }, drainMs + stopMs),
    ];
    await gone;
    for (const timer of timers) clearTimeout(timer);
  }

  /** Kills the process at once; a restart follows. */
  replace(): void {
    if (this.#child !== undefined && this.#state === 'running') this.#signal(this.#child, 'SIGKILL');
  }

  /** Kills the process at once, without waiting, and for good. For exit handlers. */
  kill(): void {
    const hadProcess = this.#hasProcess;
    this.#state = 'stopped';
    this.#restarts.cancel();
    if (this.#child !== undefined && hadProcess) this.#signal(this.#child, 'SIGKILL');
  }

  get #hasProcess(): boolean {
    return this.#state === 'running' || this.#state === 'draining';
  }

  #spawn(): ChildProcess {
    const { command, cwd, env, cleanEnv, limits, identity, socketPath, log } = this.#options;
    const [program = '', ...args] = limited(command, limits);
    const inherited = cleanEnv ? { PATH: process.env.PATH } : process.env;
    this.#restarts.begin();
    const child = spawn(program, args, {
      cwd,
      env: { ...inherited, ...env, ISTHMUS_SOCKET: socketPath, ISTHMUS_PARENT_FD: '0' },
      // Supplementary groups go with it: libuv empties their list when it changes either.
      ...identity,
      // The pipe on stdin is never written to: it ends when this process does, however that happens, and
      // isth_service_main() stops then. So no instance outlives a supervisor that was killed.
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own: a terminal's Ctrl-C reaches us only, so that calls in flight are answered before
      // instances stop; and a signal of ours reaches whatever a wrapper such as `sh -c` or `valgrind` has started.
      detached: true,
    });
    this.#child = child;
    this.#state = 'running';
    const outputRead = logOutput(child, { name: this.name, log, lastStderr: this.#lastStderr });
    child.once('spawn', () => {
      log.info({ instance: this.name, instancePid: child.pid }, 'instance started');
      this.#restarts.watch();
    });
    child.once('exit', (code, signal) => this.#onExit(child, { code, signal }, outputRead));
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
    if (this.#restarts.count === 0) return;
    this.#options.log.error({ instance: this.name }, this.#spawnProblem(error));
    if (this.#state !== 'running') {
      this.#state = 'stopped';
      return;
    }
    this.#state = 'waiting';
    this.#restarts.afterFailure(() => this.#spawn());
  }

  #onExit(child: ChildProcess, status: Pick<Exit, 'code' | 'signal'>, outputRead: Promise<unknown>): void {
    const { log, socketPath } = this.#options;
    const exit = this.#restarts.end(status);
    // What a wrapper leaves behind must neither keep the socket nor run beside the next process.
    this.#signal(child, 'SIGKILL');
    removeSocket(socketPath);
    if (this.#state === 'draining' || this.#state === 'stopped') {
      this.#state = 'stopped';
      log.info({ instance: this.name, ...status }, 'instance stopped');
      return;
    }
    if (this.#onTrial) {
      this.#state = 'stopped';
      log.warn({ instance: this.name, ...status, ranMs: exit.ranMs }, 'instance died');
      void outputRead.then(() => this.#died.resolve());
      return;
    }
    this.#state = 'waiting';
    this.#restarts.afterDeath(exit, () => this.#spawn(), { lastWordsRead: outputRead });
  }

  #signal(child: ChildProcess, signal: NodeJS.Signals): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // ESRCH: the whole group has gone already, which is what was wanted.
    }
  }

  #spawnProblem(error: unknown): string {
    const [program = ''] = this.#options.command;
    const { cwd, identity } = this.#options;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    // To root, which the bridge is then, the same file is no trouble.
    const who = identity === undefined ? '' : ` by user ${identity.uid}, group ${identity.gid}`;
    return `the command ${program} cannot be run in ${cwd}${who} (${reason})`;
  }
}

/** Whatever the program has made of its own folder, restarting it must not fail of that here. */
function removeSocket(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It is no file, say: then the next process says that it cannot listen there.
  }
}
