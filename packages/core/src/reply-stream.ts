import type { IsthmusError } from '@isthmus/schema';
import { errorOf } from './errors.ts';

/** Where a stream's values come from. */
export interface StreamQueue<T> {
  next(asker: object): Promise<IteratorResult<T, undefined>>;
  end(error: IsthmusError): void;
}

/** What a stream needs of its call. */
export interface StreamSource {
  /** Makes the call, whose replies then come to the queue. */
  start(): void;
  /** Ends it, in whatever state it is, and the queue with it. */
  cancel(): void;
}

/** Ends calls whose stream nobody can read any more. */
const dropped = new FinalizationRegistry<StreamSource>((source) => source.cancel());

/**
 * The replies of one call, or the versions of a region that is watched, as an asynchronous generator gives values. The call is made
 * by the first `next()`, and ended by `return()` or `throw()`, even while a `next()` waits. A stream that is dropped without either
 * is ended when the garbage collector finds it; until then the call's window bounds what it holds, and the instance's stall timeout
 * how long.
 */
export class ReplyStream<T = unknown> implements AsyncGenerator<T, undefined, undefined> {
  readonly #queue: StreamQueue<T>;
  readonly #source: StreamSource;
  #started = false;

  constructor(queue: StreamQueue<T>, source: StreamSource) {
    this.#queue = queue;
    this.#source = source;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (!this.#started) this.#start();
    return this.#queue.next(this);
  }

  async return(value?: undefined | PromiseLike<undefined>): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return { value: await value, done: true };
  }

  async throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    this.#end();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #start(): void {
    this.#started = true;
    // Not the stream itself is what is kept: the source knows the queue, and the queue knows a stream only while it waits.
    dropped.register(this, this.#source, this);
    try {
      this.#source.start();
    } catch (cause) {
      this.#queue.end(errorOf(cause));
    }
  }

  #end(): void {
    this.#started = true;
    dropped.unregister(this);
    this.#source.cancel();
  }
}
