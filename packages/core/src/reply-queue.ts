import type { IsthmusError } from '@isthmus/schema';
import { Fifo } from './fifo.ts';

type Result = IteratorResult<unknown, undefined>;

interface Arrived {
  readonly value: unknown;
  /** What the instance may send more of once this one was taken, in bytes. */
  readonly credit: number;
}

interface Waiter {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: IsthmusError) => void;
  /** Whoever asked: it is kept alive as long as it waits. */
  readonly asker: object;
}

/** Where the replies come from. */
export interface ReplySource {
  /** So many bytes of them were taken. */
  credit(bytes: number): void;
  /** One call more, or one less, that is in flight and that nobody waits for. */
  countIdle(change: 1 | -1): void;
  /** The first has come. */
  answered?(): void;
}

const done: Result = Object.freeze({ value: undefined, done: true });

/**
 * Between a call with many replies and whoever takes them: holds the replies that were not asked for yet, or those who ask for
 * replies that have not come yet. The instance sends no more than the call's window until replies are taken, so that is all
 * that ever lies here.
 */
export class ReplyQueue {
  readonly #arrived = new Fifo<Arrived>();
  readonly #waiting = new Fifo<Waiter>();
  readonly #source: ReplySource;
  /** Credit is given back in pieces of this size at least, since each is a crossing. */
  readonly #creditStep: number;
  #owed = 0;
  #idle = false;
  #answered = false;
  #over = false;
  #error: IsthmusError | undefined;

  constructor(windowBytes: number, source: ReplySource) {
    this.#source = source;
    // The C library sends credit once half of the window has come together.
    this.#creditStep = windowBytes / 8;
  }

  /** Whether a reply has come. From then on no other instance can take over. */
  get answered(): boolean {
    return this.#answered;
  }

  /** `credit`: what it takes of the call's window. */
  push(value: unknown, credit: number): void {
    if (!this.#answered) {
      this.#answered = true;
      this.#source.answered?.();
    }
    const waiter = this.#waiting.shift();
    if (waiter === undefined) {
      this.#arrived.push({ value, credit });
      return;
    }
    this.#take(credit);
    waiter.resolve({ value, done: false });
    if (this.#waiting.size === 0) this.#setIdle(true);
  }

  /** The next reply, for `asker`. Rejects once with the error that ended the call; then, and after the end, it is done. */
  next(asker: object): Promise<Result> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) {
      this.#take(arrived.credit);
      return Promise.resolve({ value: arrived.value, done: false });
    }
    if (this.#over) {
      const error = this.#error;
      this.#error = undefined;
      return error === undefined ? Promise.resolve(done) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject, asker });
      this.#setIdle(false);
    });
  }

  /** Nothing comes any more: the call has ended, with an error if there is one. What has come can still be taken. */
  end(error?: IsthmusError): void {
    if (this.#over) return;
    this.#over = true;
    this.#setIdle(false);
    const first = error === undefined ? undefined : this.#waiting.shift();
    if (first === undefined) this.#error = error;
    else if (error !== undefined) first.reject(error);
    for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift()) waiter.resolve(done);
  }

  /** The same at once: what has come and was not taken is dropped. */
  cut(error?: IsthmusError): void {
    this.#arrived.clear();
    this.end(error);
  }

  #take(credit: number): void {
    this.#owed += credit;
    if (this.#over || this.#owed < this.#creditStep) return;
    this.#source.credit(this.#owed);
    this.#owed = 0;
  }

  /** Idle: the call is in flight, and nobody waits for it. */
  #setIdle(idle: boolean): void {
    if (idle === this.#idle) return;
    this.#idle = idle;
    this.#source.countIdle(idle ? 1 : -1);
  }
}
