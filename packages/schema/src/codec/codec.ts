import { IsthmusError } from '../errors.ts';
import type { Infer, InferInput } from '../language/infer.ts';
import type { Struct } from '../language/types.ts';
import { compileCodec } from './compile.ts';

/** Two views of the same memory, beginning at the same byte. `view` for numbers, `bytes` for text. */
export interface Memory {
  readonly view: DataView;
  readonly bytes: Uint8Array;
}

/** Turns values into a struct's bytes and back. Safe to share: it keeps nothing between calls. */
export interface Codec<Output, Input = Output> {
  /** Bytes that a value takes. */
  readonly size: number;

  /**
   * Writes `value` at `offset`, all `size` bytes of it, padding included. Fields left out get their defaults.
   *
   * @throws IsthmusError `INVALID_INPUT`, its `fields` listing every bad field by JSON pointer; the bytes at `offset` are
   *   then not to be used.
   * @throws RangeError when the memory ends before `offset + size`.
   */
  encode(value: Input, memory: Memory, offset: number): void;

  /**
   * Reads a value. Numbers are taken as they are, NaN included; nothing of the result refers to the memory.
   *
   * @throws IsthmusError `HANDLER_FAULT` naming the field for a bool that is neither 0 nor 1, an enumeration value that
   *   does not exist, and text that is not terminated or not UTF-8.
   * @throws RangeError when the memory ends before `offset + size`.
   */
  decode(memory: Memory, offset: number): Output;

  /** As `encode`, from the JSON form: 64-bit integers as decimal strings, or as numbers where those are exact. */
  encodeJson(value: unknown, memory: Memory, offset: number): void;

  /** As `decode`, to the JSON form. NaN and the infinities, which JSON does not have, are `HANDLER_FAULT` as well. */
  decodeJson(memory: Memory, offset: number): unknown;
}

const codecs = new WeakMap<Struct, Codec<unknown>>();

/** The codec of a struct: compiled when first asked for, and the same one from then on. */
export function codecOf<S extends Struct>(type: S): Codec<Infer<S>, InferInput<S>> {
  let codec = codecs.get(type);
  if (codec === undefined) {
    codec = compileCodec(type);
    codecs.set(type, codec);
  }
  // The compiled code is what makes this true: it checks every value it takes and builds every value it gives.
  return codec as Codec<Infer<S>, InferInput<S>>;
}

/** The codec of an input or output that a call leaves out: no bytes, and `undefined` (in JSON also `{}` or null). */
export const emptyCodec: Codec<undefined, undefined> = Object.freeze({
  size: 0,
  encode: refuseContent,
  decode: () => undefined,
  encodeJson: refuseContent,
  decodeJson: () => undefined,
});

function refuseContent(value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0) return;
  const message = 'this method takes no input';
  throw new IsthmusError('INVALID_INPUT', { detail: message, fields: [{ pointer: '', message }] });
}
