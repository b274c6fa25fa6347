import { IsthmusError } from '@isthmus/schema';
import { errorOf } from '../errors.ts';
import { Fifo } from '../fifo.ts';
import { ReplyStream } from '../reply-stream.ts';
import { KeepAlive } from './keep-alive.ts';
import { type RowEvent, Scanner, type ScannerOptions } from './scanner.ts';
import type { RegionSource } from './source.ts';
import type { Stamp, WatchOptions } from './types.ts';
import { watchSettings } from './watch-options.ts';

type Result<T> = IteratorResult<RowEvent<T>, undefined>;

interface Waiter<T> {
  readonly resolve: (result: Result<T>) => void;
  readonly reject: (error: IsthmusError) => void;
  /** Whoever asked: it is kept alive as long as it waits. */
  readonly asker: object;
}

/**
 * Gives whoever asks the next event, and looks for one only then: what is not asked for is passed over, and costs no memory. A
 * process is kept alive only while somebody waits.
 */
class WatchQueue<T extends Stamp> {
  readonly #source: RegionSource;
  readonly #scanner: Scanner<T>;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting = new Fifo<Waiter<T>>();
  readonly #alive = new KeepAlive();
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #stopListening: (() => void) | undefined;
  #over = false;
  #error: IsthmusError | undefined;

  constructor(source: RegionSource, scanner: Scanner<T>, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#scanner = scanner;
    this.#signal = signal;
  }

  start(): void {
    const signal = this.#signal;
    const cancel = (): void => this.end(new IsthmusError('CANCELLED', { cause: signal?.reason }));
    if (signal?.aborted === true) {
      cancel();
      return;
    }
    signal?.addEventListener('abort', cancel, { once: true });
    const look = (): void => this.#pump();
    const forget = this.#source.listen(look);
    this.#scanner.onChange = look;
    this.#stopListening = () => {
      signal?.removeEventListener('abort', cancel);
      forget();
      this.#scanner.close();
    };
  }

  next(asker: object): Promise<Result<T>> {
    if (this.#over) {
      const error = this.#error;
      this.#error = undefined;
      return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject, asker });
      this.#pump();
    });
  }

  /** Ends it at once. Whoever waits first, or asks next, gets the error, if there is one. */
  end(error?: IsthmusError): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopListening?.();
    this.#forgetTimers();
    this.#alive.end();
    const first = error === undefined ? undefined : this.#waiting.shift();
    if (first === undefined) this.#error = error;
    else if (error !== undefined) first.reject(error);
    for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift()) {
      waiter.resolve({ value: undefined, done: true });
    }
  }

  /** Gives events to those who wait, as long as there are both. */
  #pump(): void {
    this.#forgetTimers();
    try {
      while (this.#waiting.size > 0) {
        const found = this.#scanner.next();
        if (typeof found !== 'object') {
          this.#pause(found);
          return;
        }
        this.#waiting.shift()?.resolve({ value: found, done: false });
      }
      this.#alive.rest();
    } catch (cause) {
      this.end(errorOf(cause));
    }
  }

  /** Looks again after so many ms, or when something changes. */
  #pause(ms: number): void {
    this.#alive.hold();
    if (ms === 0) this.#immediate = setImmediate(() => this.#pump());
    else if (ms < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#pump(), Math.ceil(ms));
  }

  #forgetTimers(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }
}

/**
 * The events of a region as an asynchronous generator gives values. Nothing is watched before the first `next()`.
 *
 * @throws IsthmusError `INVALID_ARGUMENT` for an option.
 */
export function watchRows<T extends Stamp>(
  source: RegionSource,
  options: WatchOptions | undefined,
  scan: Pick<ScannerOptions<T>, 'key' | 'read'>,
): AsyncGenerator<RowEvent<T>, undefined, undefined> {
  const { signal, intervalMs, after } = watchSettings(options);
  const scanner = new Scanner(source, { ...scan, intervalMs, after });
  const queue = new WatchQueue(source, scanner, signal);
  return new ReplyStream<RowEvent<T>>(queue, { start: () => queue.start(), cancel: () => queue.end() });
}
