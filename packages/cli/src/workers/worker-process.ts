/** One worker as its bridge sees it: a process that is started, started again when it dies, asked, and stopped. */
import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
import {
  type BackoffOptions,
  type Exit,
  endingOf,
  type RateWindows,
  Restarts,
  type SupervisorLog,
} from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import type { FromWorker, ToWorker, WorkerCounts, WorkerJob } from './messages.ts';
import type { PortLease, SharedPort } from './shared-port.ts';

/** Compiled beside this file, where this is. */
const program = join(import.meta.dirname, `main${extname(import.meta.filename)}`);
/** How long a worker may take until it listens, in ms. It reads the configuration, and its services have been waited for. */
const startTimeoutMs = 60_000;
/** How long it may take to say what it does, in ms. */
const reportTimeoutMs = 2000;

/** `waiting` is between a death and the next start. */
export type WorkerState = 'starting' | 'ready' | 'waiting' | 'stopping' | 'stopped';

export interface WorkerProcessOptions {
  /** What it is to serve, as things are when it starts. */
  readonly job: () => WorkerJob;
  readonly port: SharedPort;
  /** The CPU that it is pinned to. Default: none. */
  readonly cpu?: number | undefined;
  /** Counts requests for it. */
  readonly windows: RateWindows;
  readonly log: SupervisorLog;
  readonly backoff?: BackoffOptions | undefined;
  /** The program. Default: the worker. */
  readonly program?: string | undefined;
}

export interface WorkerStatus {
  readonly number: number;
  readonly state: WorkerState;
  readonly pid: number | undefined;
  readonly restarts: number;
  /** In ms; undefined without a process. */
  readonly uptimeMs: number | undefined;
  readonly crashLoop: boolean;
  readonly lastExit: Exit | undefined;
}

export class WorkerProcess {
  readonly #number: number;
  readonly #options: WorkerProcessOptions;
  readonly #restarts: Restarts;
  /** Its first start: the URL, or why there is none. */
  readonly #started = Promise.withResolvers<string>();
  readonly #questions = new Map<number, (counts: WorkerCounts | undefined) => void>();
  #nextQuestion = 0;
  #state: WorkerState = 'stopped';
  #child: ChildProcess | undefined;
  #hasServed = false;

  constructor(number: number, options: WorkerProcessOptions) {
    this.#number = number;
    this.#options = options;
    const { log, backoff } = options;
    this.#restarts = new Restarts({ what: 'worker', fields: { worker: number }, log, backoff });
  }

  get status(): WorkerStatus {
    const hasProcess = this.#child !== undefined;
    return {
      ...{ number: this.#number, state: this.#state, pid: this.#child?.pid },
      ...{ restarts: this.#restarts.count, uptimeMs: hasProcess ? this.#restarts.ranMs : undefined },
      ...{ crashLoop: this.#restarts.crashLoop, lastExit: this.#restarts.lastExit },
    };
  }

  /**
   * Starts it. Returns the base URL once it listens; from then on a death is answered with a restart, for ever.
   *
   * @throws IsthmusError why it does not serve: its own error, or SYSTEM.
   */
  start(): Promise<string> {
    this.#spawn();
    return this.#started.promise;
  }

  /** What it says that it does; undefined where there is no process, or it says nothing. */
  async ask(): Promise<WorkerCounts | undefined> {
    const child = this.#child;
    if (child === undefined) return undefined;
    const id = this.#nextQuestion++;
    const { promise, resolve } = Promise.withResolvers<WorkerCounts | undefined>();
    this.#questions.set(id, resolve);
    const timer = setTimeout(() => resolve(undefined), reportTimeoutMs);
    tell(child, { type: 'report', id });
    const counts = await promise;
    clearTimeout(timer);
    this.#questions.delete(id);
    return counts;
  }

  /** Has it close, and kills it after `graceMs`; returns when it has gone. No restart follows. */
  async stop(graceMs: number): Promise<void> {
    const child = this.#child;
    this.#restarts.cancel();
    if (child === undefined) {
      this.#state = 'stopped';
      return;
    }
    this.#state = 'stopping';
    const gone = new Promise((resolve) => child.once('close', resolve));
    tell(child, { type: 'stop' });
    const timer = setTimeout(() => {
      this.#options.log.warn({ worker: this.#number, graceMs }, 'worker did not stop in time and is killed');
      child.kill('SIGKILL');
    }, graceMs);
    await gone;
    clearTimeout(timer);
  }

  /** Kills it at once, without waiting, and for good. For exit handlers. */
  kill(): void {
    this.#restarts.cancel();
    this.#state = 'stopping';
    this.#child?.kill('SIGKILL');
  }

  #spawn(): void {
    const { job, cpu, log } = this.#options;
    this.#restarts.begin();
    this.#state = 'starting';
    const child = fork(this.#options.program ?? program, [String(this.#number)], {
      // A terminal's Ctrl-C reaches the bridge only. What it logs goes where the bridge's lines go.
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // taskset executes Node in its place.
      ...(cpu !== undefined && {
        execPath: 'taskset',
        execArgv: ['-c', String(cpu), process.execPath, ...process.execArgv],
      }),
    });
    this.#child = child;
    const late = setTimeout(() => {
      run.failure = this.#problem(`did not listen within ${startTimeoutMs} ms`);
      child.kill('SIGKILL');
    }, startTimeoutMs);
    const run: Run = { child, late, lease: undefined, servesSince: undefined, failure: undefined, hasEnded: false };
    child.on('message', (message) => {
      // `as`: the worker is this very package, and nobody else has the other end.
      this.#receive(message as FromWorker, run);
    });
    child.once('spawn', () => log.info({ worker: this.#number, workerPid: child.pid }, 'worker started'));
    // After all that it has said, unlike `exit`.
    child.once('close', (code, signal) => this.#onEnd(run, { code, signal }));
    child.on('error', (cause) => {
      run.failure ??= this.#problem(`failed (${cause.message})`, cause);
      // Without a pid the process never came to be, and need not end either.
      if (child.pid === undefined) this.#onEnd(run, { code: null, signal: null });
    });
    tell(child, { type: 'serve', job: job() });
  }

  #receive(message: FromWorker, run: Run): void {
    switch (message.type) {
      case 'ready':
        void this.#giveItsPort(run);
        break;
      case 'listening':
        this.#onListening(message.url, run);
        break;
      case 'failed':
        run.failure = new IsthmusError(message.code, { detail: message.detail });
        break;
      case 'count': {
        const states = message.counts.map((count) => ({ ...this.#options.windows.count(count), id: count.id }));
        tell(run.child, { type: 'counted', states });
        break;
      }
      case 'report':
        this.#questions.get(message.id)?.(message.counts);
        break;
    }
  }

  async #giveItsPort(run: Run): Promise<void> {
    try {
      const lease = await this.#options.port.lease();
      if (run.child !== this.#child) return lease.end();
      run.lease = lease;
      tell(run.child, { type: 'listen', port: lease.port });
    } catch (error) {
      run.failure = error instanceof IsthmusError ? error : this.#problem('has no port', error);
      tell(run.child, { type: 'stop' });
    }
  }

  #onListening(url: string, run: Run): void {
    clearTimeout(run.late);
    run.servesSince = performance.now();
    // A URL does not name the port of its scheme; a free one is none of those.
    run.lease?.opened(run.lease.port || Number(new URL(url).port));
    if (this.#state === 'starting') this.#state = 'ready';
    this.#hasServed = true;
    this.#started.resolve(url);
    this.#restarts.watch();
  }

  #onEnd(run: Run, status: Pick<Exit, 'code' | 'signal'>): void {
    if (run.hasEnded) return;
    run.hasEnded = true;
    const { log } = this.#options;
    const { failure } = run;
    clearTimeout(run.late);
    run.lease?.end();
    this.#child = undefined;
    const exit = this.#restarts.end(status);
    if (this.#state === 'stopping' || !this.#hasServed) {
      this.#state = 'stopped';
      this.#started.reject(failure ?? this.#problem(`${endingOf(status)} before it served`));
      log.info({ worker: this.#number, ...status }, 'worker stopped');
      return;
    }
    if (failure !== undefined) {
      log.error({ worker: this.#number, code: failure.code, reason: failure.message }, 'worker could not serve');
    }
    this.#state = 'waiting';
    // To start takes a while, also for one that then cannot serve.
    const healthyMs = run.servesSince === undefined ? 0 : performance.now() - run.servesSince;
    this.#restarts.afterDeath(exit, () => this.#spawn(), { healthyMs });
  }

  #problem(what: string, cause?: unknown): IsthmusError {
    return new IsthmusError('SYSTEM', { detail: `worker ${this.#number} ${what}`, cause });
  }
}

/** One process of a worker. */
interface Run {
  readonly child: ChildProcess;
  readonly late: NodeJS.Timeout;
  lease: PortLease | undefined;
  /** On the clock of performance.now(). */
  servesSince: number | undefined;
  /** What it, or the bridge, says of its end. */
  failure: IsthmusError | undefined;
  hasEnded: boolean;
}

/** What nobody reads any more is no failure: the process's end says it all. */
function tell(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => {});
}
