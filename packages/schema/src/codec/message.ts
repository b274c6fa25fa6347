import type { Struct } from '../language/types.ts';
import type { Memory } from './codec.ts';
import { faultOf, lengthFault, sizeFault } from './explain.ts';
import { Reader } from './reader.ts';
import { faulty, unordered } from './signals.ts';
import type { Form } from './valid.ts';

/** What is compiled for reading: see `Decode`. */
export type Read<Result> = (
  view: DataView,
  bytes: Uint8Array,
  at: number,
  reader: Reader | undefined,
  message?: Message,
) => Result;

/** A message that is there to be read. */
export class Message {
  readonly #memory: Memory;
  readonly #type: Struct;
  readonly #offset: number;
  readonly #length: number;

  /** @throws RangeError where the memory ends before the message, and IsthmusError for a length that no message has. */
  constructor(type: Struct, memory: Memory, offset: number, length: number) {
    if (!(offset >= 0 && length >= 0 && offset + length <= memory.bytes.length)) {
      throw new RangeError(`${length} bytes at offset ${offset} are not in memory of ${memory.bytes.length} bytes`);
    }
    const fault = lengthFault(type, length);
    if (fault !== undefined) throw fault;
    this.#memory = memory;
    this.#type = type;
    this.#offset = offset;
    this.#length = length;
  }

  get view(): DataView {
    return this.#memory.view;
  }

  get bytes(): Uint8Array {
    return this.#memory.bytes;
  }

  get lends(): boolean {
    return this.#memory.lends === true;
  }

  /**
   * Reads something of the message whose fixed part is at address `at`.
   *
   * @param hasTails Whether it takes a reader.
   * @throws IsthmusError which says what is wrong with the message.
   */
  read<Result>(read: Read<Result>, at: number, hasTails: boolean, form: Form): Result {
    try {
      if (!hasTails) return read(this.view, this.bytes, at, undefined, this);
      try {
        return read(this.view, this.bytes, at, this.#reader(false), this);
      } catch (error) {
        if (error !== unordered) throw error;
        return read(this.view, this.bytes, at, this.#reader(true), this);
      }
    } catch (error) {
      throw this.explain(error, form);
    }
  }

  /** What is to be thrown for what a compiled function threw. */
  explain(error: unknown, form: Form): unknown {
    if (error !== faulty) return sizeFault(error);
    return faultOf(this.#type, this, this.#offset, this.#length, form);
  }

  #reader(anyOrder: boolean): Reader {
    return new Reader(this, this.#offset, this.#length, this.#type.layout.size, anyOrder);
  }
}
