/** An echo over a stream of bytes, whose replies come in the order of the requests. */
import type { Readable, Writable } from 'node:stream';
import type { Hop } from './loop.ts';

/**
 * @param bytes Of each request and each reply.
 * @param inFlight With more than one, what is asked within a turn of the event loop is written at once.
 */
export function streamHop(out: Writable, back: Readable, bytes: number, inFlight: number, close: () => void): Hop {
  const waiting = new Ring<(reply: Buffer) => void>(inFlight);
  let begun: { readonly reply: Buffer; filled: number } | undefined;
  back.on('data', (chunk: Buffer) => {
    for (let offset = 0; offset < chunk.length; ) {
      if (begun === undefined && chunk.length - offset >= bytes) {
        waiting.take()(chunk.subarray(offset, offset + bytes));
        offset += bytes;
        continue;
      }
      begun ??= { reply: Buffer.allocUnsafe(bytes), filled: 0 };
      const copied = chunk.copy(begun.reply, begun.filled, offset);
      offset += copied;
      begun.filled += copied;
      if (begun.filled < bytes) continue;
      waiting.take()(begun.reply);
      begun = undefined;
    }
  });
  const call = (request: Buffer): Promise<Buffer> =>
    new Promise((resolve) => {
      waiting.add(resolve);
      out.write(request);
    });
  if (inFlight === 1) return { call, close };
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    out.uncork();
  };
  return {
    call: (request) => {
      if (!isCorked) {
        isCorked = true;
        out.cork();
        process.nextTick(uncork);
      }
      return call(request);
    },
    close,
  };
}

/** First in, first out, of at most so many. */
class Ring<T> {
  readonly #slots: (T | undefined)[];
  #first = 0;
  #count = 0;

  constructor(capacity: number) {
    this.#slots = Array.from({ length: capacity }, () => undefined);
  }

  add(value: T): void {
    this.#slots[(this.#first + this.#count++) % this.#slots.length] = value;
  }

  take(): T {
    const value = this.#slots[this.#first];
    if (this.#count === 0 || value === undefined) throw new Error('a reply that nobody waits for');
    this.#first = (this.#first + 1) % this.#slots.length;
    this.#count--;
    return value;
  }
}
