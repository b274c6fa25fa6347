import { type ErrorCode, IsthmusError } from '../errors.ts';
import { alignOf, sizeOf } from '../language/layout.ts';
import type { ArrayType, FloatType, List, Struct, Tail, Union, ValueType } from '../language/types.ts';
import type { Memory } from './codec.ts';
import { expectation } from './expectation.ts';
import { readFlags } from './flags.ts';
import { Taken } from './reader.ts';
import { readText, readUtf8 } from './text.ts';
import type { Form } from './valid.ts';

/**
 * The error for a message that the compiled code found faulty: reads it once more, field by field, and names the first place
 * that is wrong. The slow, plain twin of what `decode-source.ts` compiles and of `Reader`, as `refuse.ts` is for values.
 */
export function faultOf(type: Struct, memory: Memory, offset: number, length: number, form: Form): IsthmusError {
  try {
    new Walk(memory, offset, length, type.layout.size, form).value(type, offset, '');
  } catch (error) {
    if (error instanceof IsthmusError) return error;
    throw error;
  }
  return new IsthmusError('HANDLER_FAULT', { detail: 'the message changed while it was read' });
}

/** The error for a length that no message of the type has; `undefined` for a good one. */
export function lengthFault({ name, layout }: Struct, length: number): IsthmusError | undefined {
  const { size, hasTails } = layout;
  if (hasTails ? length >= size : length === size) return undefined;
  return fault('MALFORMED_MESSAGE', '', `has ${length} bytes, and struct ${name} takes ${size}`);
}

/**
 * The error for what reading a message threw. A RangeError is the platform's: strings and arrays end somewhere, and JSON is
 * longer than what it was made of. Every access to memory is within bounds.
 */
export function sizeFault(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  return new IsthmusError('HANDLER_FAULT', { detail: 'the message is too large for this form of it', cause: error });
}

function fault(code: ErrorCode, pointer: string, message: string): IsthmusError {
  const detail = `${pointer === '' ? 'the message' : `field ${pointer}`} ${message}`;
  return new IsthmusError(code, { detail, fields: [{ pointer, message }] });
}

class Walk {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #length: number;
  readonly #fixedBytes: number;
  readonly #form: Form;
  readonly #taken: Taken;

  constructor({ view, bytes }: Memory, base: number, length: number, fixedBytes: number, form: Form) {
    this.#view = view;
    this.#bytes = bytes;
    this.#base = base;
    this.#length = length;
    this.#fixedBytes = fixedBytes;
    this.#form = form;
    this.#taken = new Taken(length);
  }

  /** @throws IsthmusError for the first thing that is wrong. */
  value(type: ValueType, at: number, pointer: string): void {
    const wrong = (message: string) => fault('HANDLER_FAULT', pointer, message);
    switch (type.kind) {
      case 'struct':
        this.#struct(type, at, pointer);
        return;
      case 'union':
        this.#union(type, at, pointer);
        return;
      case 'array':
        this.#elements(type, at, type.length, pointer);
        return;
      case 'list': {
        const { from, count } = this.#tail(type, at, sizeOf(type.element), alignOf(type.element), pointer);
        this.#elements(type, from, count, pointer);
        return;
      }
      case 'textTail': {
        const { from, count } = this.#tail(type, at, 1, 1, pointer);
        if (readUtf8(this.#bytes, from, from + count) === undefined) throw wrong(expectation(type));
        return;
      }
      case 'bytesTail':
        this.#tail(type, at, 1, 1, pointer);
        return;
      case 'bool':
        if (this.#view.getUint8(at) > 1) throw wrong('must be 0 or 1');
        return;
      case 'enum':
        if (!type.open && this.#view.getUint32(at, true) >= type.values.length) throw wrong(expectation(type));
        return;
      case 'flags':
        if (readFlags(this.#view, at, sizeOf(type), type.values, type.open) !== undefined) return;
        throw wrong(`must have no bits but those of ${type.values.join(', ')}`);
      case 'text':
        if (readText(this.#bytes, at, type.capacity) !== undefined) return;
        throw wrong(`${expectation(type)}, terminated`);
      case 'f32':
      case 'f64':
        if (this.#form === 'json' && !Number.isFinite(this.#float(type, at))) {
          throw wrong('is not finite, which JSON cannot say');
        }
    }
  }

  #float({ kind, bigEndian }: FloatType, at: number): number {
    return kind === 'f32' ? this.#view.getFloat32(at, !bigEndian) : this.#view.getFloat64(at, !bigEndian);
  }

  #struct({ layout }: Struct, at: number, pointer: string): void {
    const words = layout.presence.map((offset) => this.#view.getUint32(at + offset, true));
    for (const [index, word] of words.entries()) {
      const used = layout.fields.filter(({ presence }) => presence?.word === index).length;
      if (used < 32 && word >>> used !== 0) {
        throw fault('HANDLER_FAULT', pointer, 'has presence bits that the schema does not have');
      }
    }
    for (const { name, type, offset, presence } of layout.fields) {
      const isThere = presence === undefined || ((words[presence.word] ?? 0) & (1 << presence.bit)) !== 0;
      if (isThere) this.value(type, at + offset, `${pointer}/${name}`);
    }
  }

  #union({ variants, layout }: Union, at: number, pointer: string): void {
    const variant = Object.values(variants)[this.#view.getUint32(at, true)];
    if (variant === undefined) {
      throw fault('HANDLER_FAULT', `${pointer}/kind`, `must be one of ${Object.keys(variants).join(', ')}`);
    }
    this.#struct(variant, at + layout.offset, pointer);
  }

  #elements({ element }: ArrayType | List, at: number, count: number, pointer: string): void {
    const size = sizeOf(element);
    for (let index = 0; index < count; index++) this.value(element, at + index * size, `${pointer}/${index}`);
  }

  /** Where a tail is, as an address, and how many elements it has. */
  #tail(type: Tail, place: number, size: number, align: number, pointer: string) {
    const begin = this.#view.getUint32(place, true);
    const count = this.#view.getUint32(place + 4, true);
    const from = this.#base + begin;
    const malformed = (message: string) => fault('MALFORMED_MESSAGE', pointer, message);
    if (count === 0) {
      if (begin !== 0) throw malformed('is empty, but has an offset');
      return { from, count };
    }
    const end = begin + count * size;
    if (end > this.#length)
      throw malformed(`lies outside the message of ${this.#length} bytes: from ${begin} to ${end}`);
    if (begin < this.#fixedBytes)
      throw malformed(`lies inside the fixed part of ${this.#fixedBytes} bytes: at ${begin}`);
    if (begin % align !== 0) throw malformed(`is not aligned to ${align} bytes: at ${begin}`);
    const extra = type.kind === 'textTail' ? 1 : 0;
    if (extra === 1 && (end === this.#length || this.#bytes[this.#base + end] !== 0)) {
      throw malformed('is not followed by a NUL');
    }
    if (!this.#taken.take(begin, end + extra)) throw malformed('overlaps another tail');
    if (count > type.max) {
      const most = type.kind === 'bytesTail' ? `must have at most ${type.max} bytes` : expectation(type);
      throw fault('HANDLER_FAULT', pointer, most);
    }
    return { from, count };
  }
}
