type Step<Item> = IteratorResult<Item, undefined>;

/**
 * An asynchronous generator that `return()` and `throw()` end at once, even while a `next()` waits: one that is written as a
 * function would first wait for that. What it runs must throw soon after its signal is aborted.
 */
export class Stoppable<Item> implements AsyncGenerator<Item, undefined, undefined> {
  readonly #stop = new AbortController();
  readonly #items: AsyncGenerator<Item, undefined, undefined>;

  constructor(run: (signal: AbortSignal) => AsyncGenerator<Item, undefined, undefined>) {
    this.#items = run(this.#stop.signal);
  }

  async next(): Promise<Step<Item>> {
    try {
      return await this.#items.next();
    } catch (error) {
      if (this.#stop.signal.aborted) return { value: undefined, done: true };
      throw error;
    }
  }

  async return(value?: undefined | PromiseLike<undefined>): Promise<Step<Item>> {
    await this.#end();
    return { value: await value, done: true };
  }

  async throw(error: unknown): Promise<Step<Item>> {
    await this.#end();
    throw error;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #end(): Promise<void> {
    this.#stop.abort();
    await this.#items.return(undefined);
  }
}
