/** What follows the deaths of one process: when it is started again, and what the log says of them. */
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { SupervisorLog } from './log.ts';

/** From this many deaths in a row on, it is a crash loop. */
const crashLoopDeaths = 3;
/** Of the deaths in a crash loop, each of this many is reported as an error. */
const reportEvery = 10;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** How long it had run. */
  readonly ranMs: number;
  readonly time: Date;
}

export interface RestartsOptions {
  /** What it is, in log lines: `instance`. */
  readonly what: string;
  /** Which one, as fields of log lines. */
  readonly fields: object;
  readonly log: SupervisorLog;
  readonly backoff?: BackoffOptions | undefined;
  /** The last lines that it wrote to stderr. Default: they are not known. */
  readonly lastWords?: () => readonly string[];
}

/** What is known of a death, beside the exit. */
export interface Death {
  /** How long it had done what it is for, in ms: who has not for long is in a crash loop. Default: as long as it had run. */
  readonly healthyMs?: number;
  /** Resolves once {@link RestartsOptions.lastWords} are all there. Default: they are. */
  readonly lastWordsRead?: Promise<unknown>;
}

export class Restarts {
  readonly #options: RestartsOptions;
  readonly #backoff: Backoff;
  #startedAt = 0;
  #count = 0;
  #lastExit: Exit | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #stableTimer: NodeJS.Timeout | undefined;

  constructor(options: RestartsOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
  }

  /** How often it was started again. */
  get count(): number {
    return this.#count;
  }

  /** How long the process that began last has been running, in ms, if it still does. */
  get ranMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Whether it keeps dying soon after its start. */
  get crashLoop(): boolean {
    return this.#backoff.deaths >= crashLoopDeaths;
  }

  get lastExit(): Exit | undefined {
    return this.#lastExit;
  }

  /** A process is being started. */
  begin(): void {
    this.#startedAt = performance.now();
  }

  /** It runs: says so in the log, once a crash loop is over. */
  watch(): void {
    if (!this.crashLoop) return;
    this.#stableTimer = setTimeout(() => {
      this.#backoff.reset();
      const { what, fields, log } = this.#options;
      log.info(fields, `${what} runs again: its crash loop is over`);
    }, this.#backoff.stableMs).unref();
  }

  /** It has ended, for whatever reason. */
  end({ code, signal }: Pick<Exit, 'code' | 'signal'>): Exit {
    clearTimeout(this.#stableTimer);
    this.#lastExit = { code, signal, ranMs: Math.round(this.ranMs), time: new Date() };
    return this.#lastExit;
  }

  /** Nobody wanted it to end: starts it again, later if it has died before. */
  afterDeath(exit: Exit, start: () => void, { healthyMs = exit.ranMs, lastWordsRead }: Death = {}): void {
    const { code, signal, ranMs } = exit;
    const { what, fields, log, lastWords } = this.#options;
    const delayMs = this.#backoff.next(healthyMs);
    const { deaths } = this.#backoff;
    const line = { ...fields, code, signal, ranMs, deaths, delayMs };
    if (!this.crashLoop) log.warn(line, `${what} died`);
    // In a loop, each death is a line for whoever looks closely, and an error when it begins and now and then.
    else log.info(line, `${what} died again`);
    if (this.crashLoop && (deaths - crashLoopDeaths) % reportEvery === 0) {
      void Promise.resolve(lastWordsRead).then(() =>
        log.error(
          { ...line, ...(lastWords && { lastStderr: lastWords() }) },
          `${what} is in a crash loop: it died again soon after its start`,
        ),
      );
    }
    this.#startLater(delayMs, start);
  }

  /** It could not even be started: tries again later. */
  afterFailure(start: () => void): void {
    this.#startLater(this.#backoff.next(0), start);
  }

  /** No restart follows any more. */
  cancel(): void {
    clearTimeout(this.#restartTimer);
  }

  #startLater(delayMs: number, start: () => void): void {
    this.#restartTimer = setTimeout(() => {
      this.#count += 1;
      start();
    }, delayMs);
  }
}
