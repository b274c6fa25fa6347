import { readBase64 } from './base64.ts';
import { readBytes } from './bytes.ts';
import type { Memory } from './codec.ts';
import { faulty, unordered } from './signals.ts';
import { readUtf8 } from './text.ts';

/**
 * A message while it is read: finds tails, and sees to it that each lies in the message, behind the fixed part and on no
 * other. Every span is read once.
 *
 * Whoever writes tails in the order of reading puts each behind the one before; then none overlap. For any other order the
 * message is read again by a reader that marks which bytes are taken. Either way a span that points to bytes of another is refused
 * before they are read, so that the work is bounded by the message's size. (`c/src/tails.c` does the same.)
 *
 * Its methods throw `faulty` and `unordered`, see `signals.ts`.
 */
export class Reader {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Of the list that was found last. */
  count = 0;
  readonly #lends: boolean;
  /** Where the message begins in memory. */
  readonly #base: number;
  readonly #length: number;
  readonly #fixedBytes: number;
  /** Where the next tail begins at the earliest, if all lie in order. */
  #next: number;
  readonly #taken: Taken | undefined;

  constructor(memory: Memory, offset: number, length: number, fixedBytes: number, anyOrder: boolean) {
    this.view = memory.view;
    this.bytes = memory.bytes;
    this.#lends = memory.lends === true;
    this.#base = offset;
    this.#length = length;
    this.#fixedBytes = fixedBytes;
    this.#next = fixedBytes;
    this.#taken = anyOrder ? new Taken(length) : undefined;
  }

  /** The address of the first element of the list whose span is at `place`; `count` is how many there are. */
  list(place: number, size: number, align: number, max: number): number {
    return this.#find(place, size, align, max, 0);
  }

  text(place: number, max: number): string {
    const from = this.#find(place, 1, 1, max, 1);
    if (this.count === 0) return '';
    const to = from + this.count;
    const text = this.bytes[to] === 0 ? readUtf8(this.bytes, from, to) : undefined;
    if (text === undefined) throw faulty;
    return text;
  }

  data(place: number, max: number): Uint8Array {
    const from = this.#find(place, 1, 1, max, 0);
    if (this.#lends) return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + from, this.count);
    return readBytes(this.bytes, from, from + this.count);
  }

  base64(place: number, max: number): string {
    const from = this.#find(place, 1, 1, max, 0);
    return readBase64(this.bytes, from, from + this.count);
  }

  /** `extra` bytes follow the elements. */
  #find(place: number, size: number, align: number, max: number, extra: number): number {
    const begin = this.view.getUint32(place, true);
    const count = this.view.getUint32(place + 4, true);
    this.count = count;
    if (count === 0) {
      if (begin !== 0) throw faulty;
      return 0;
    }
    const end = begin + count * size + extra;
    if (begin < this.#fixedBytes || end > this.#length || begin % align !== 0 || count > max) {
      throw faulty;
    }
    if (this.#taken === undefined) {
      if (begin < this.#next) throw unordered;
      this.#next = end;
    } else if (!this.#taken.take(begin, end)) {
      throw faulty;
    }
    return this.#base + begin;
  }
}

/** Which bytes of a message belong to a tail: a bit for each. */
export class Taken {
  readonly #words: Uint32Array;

  constructor(length: number) {
    this.#words = new Uint32Array(Math.ceil(length / 32));
  }

  /** Marks the bytes from `begin` up to `end`; false if one of them was marked. */
  take(begin: number, end: number): boolean {
    let at = begin;
    while (at < end) {
      const bit = at % 32;
      const bits = Math.min(32 - bit, end - at);
      const mask = (0xffff_ffff >>> (32 - bits)) << bit;
      const index = Math.floor(at / 32);
      const word = this.#words[index] ?? 0;
      if ((word & mask) !== 0) return false;
      this.#words[index] = word | mask;
      at += bits;
    }
    return true;
  }
}
