import { MAX_MESSAGE_BYTES, MAX_STRUCT_BYTES } from '../language/types.ts';
import { base64Bytes, writeBase64 } from './base64.ts';
import { copyBytes, countOf, isBytes } from './bytes.ts';
import type { Memory } from './codec.ts';
import { isText, utf8Length, writeUtf8 } from './text.ts';

/**
 * Where everything goes once there is no room left for the message, all of it to the same place: then what is left to do is
 * to check the rest and to count. Nothing ever reads it. No element of a list takes more.
 */
const wasteBytes = new Uint8Array(MAX_STRUCT_BYTES);
export const waste: Memory = Object.freeze({ bytes: wasteBytes, view: new DataView(wasteBytes.buffer) });

/** Whether `size` bytes at `offset` are in memory. @throws RangeError for an offset that is none. */
export function fits(memory: Memory, offset: number, size: number): boolean {
  if (!(offset >= 0)) throw new RangeError(`${offset} is not an offset`);
  return offset + size <= memory.bytes.length;
}

/**
 * A message while it is written: appends tails, each at the next multiple of its alignment, and writes where they are into
 * their places. A place is an address in the memory that `view` was when the place was made.
 */
export class Writer {
  /** Where to write what comes next. */
  view: DataView;
  bytes: Uint8Array;
  /** Where the message begins in it. */
  base: number;
  /** Bytes of the message up to now; counted on when the room has run out. */
  end: number;
  /** Whether the room has run out, and everything is written to the beginning of the waste. */
  isFull = false;
  /** Bytes that the message may have. */
  readonly #room: number;

  constructor(memory: Memory, offset: number, fixedBytes: number) {
    this.view = memory.view;
    this.bytes = memory.bytes;
    this.base = offset;
    this.end = fixedBytes;
    this.#room = Math.min(memory.bytes.length - offset, MAX_MESSAGE_BYTES);
    if (!fits(memory, offset, fixedBytes)) this.#fill();
  }

  #fill(): void {
    this.view = waste.view;
    this.bytes = waste.bytes;
    this.base = 0;
    this.isFull = true;
  }

  /** Makes room for a tail and returns where it begins in the message. `align` is a power of two. */
  #append(size: number, align: number): number {
    const begin = this.end + (-this.end & (align - 1));
    if (!this.isFull && begin + size > this.#room) this.#fill();
    if (!this.isFull) for (let at = this.end; at < begin; at++) this.bytes[this.base + at] = 0;
    this.end = begin + size;
    return begin;
  }

  /**
   * Makes room for the elements of a list.
   *
   * @returns The address of the first, in what `view` now is.
   */
  list(view: DataView, place: number, count: number, size: number, align: number): number {
    if (count === 0) {
      setSpan(view, place, 0, 0);
      return 0;
    }
    const begin = this.#append(count * size, align);
    setSpan(view, place, begin, count);
    return this.isFull ? 0 : this.base + begin;
  }

  /** Appends text. False for what is not text of at most `max` bytes. */
  text(view: DataView, place: number, value: unknown, max: number): boolean {
    if (typeof value !== 'string' || value.length > max) return false;
    if (value === '') {
      setSpan(view, place, 0, 0);
      return true;
    }
    const at = this.base + this.end;
    const room = this.base + this.#room;
    let length = this.isFull ? -1 : writeUtf8(this.bytes, at, room, value);
    if (length < 0) {
      if (!isText(value)) return false;
      length = utf8Length(value);
    }
    if (length > max) return false;
    setSpan(view, place, this.#append(length + 1, 1), length);
    if (!this.isFull) this.bytes[at + length] = 0;
    return true;
  }

  /** Appends bytes. False for what is not at most `max` bytes. */
  data(view: DataView, place: number, value: unknown, max: number): boolean {
    if (!isBytes(value)) return false;
    const count = countOf(value);
    if (count > max) return false;
    const begin = count === 0 ? 0 : this.#append(count, 1);
    setSpan(view, place, begin, count);
    if (!this.isFull) copyBytes(this.bytes, this.base + begin, value, count);
    return true;
  }

  /** Appends the bytes that a string of base64 stands for. */
  base64(view: DataView, place: number, value: unknown, max: number): boolean {
    if (typeof value !== 'string') return false;
    const count = base64Bytes(value);
    if (count < 0 || count > max) return false;
    const begin = count === 0 ? 0 : this.#append(count, 1);
    setSpan(view, place, begin, count);
    return writeBase64(this.isFull ? undefined : this.bytes, this.base + begin, value);
  }
}

function setSpan(view: DataView, place: number, begin: number, count: number): void {
  view.setUint32(place, begin, true);
  view.setUint32(place + 4, count, true);
}
