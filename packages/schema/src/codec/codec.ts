import { IsthmusError } from '../errors.ts';
import type { Infer, InferInput } from '../language/infer.ts';
import { requireSound } from '../language/options.ts';
import type { Struct } from '../language/types.ts';
import { compileCodec } from './compile.ts';

export { rawCodec } from './raw.ts';

/** Two views of the same memory, beginning at the same byte. `view` for numbers, `bytes` for text. */
export interface Memory {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** True: `view` gives bytes that are tails as they lie there, instead of copies. */
  readonly lends?: boolean | undefined;
}

/** Turns values into the bytes of a message and back. Safe to share: it keeps nothing between calls. */
export interface Codec<Output, Input = Output> {
  /** Bytes of the fixed part, which is the least that a message takes. */
  readonly size: number;
  /** Whether every message takes exactly `size` bytes. */
  readonly isFixed: boolean;

  /**
   * Writes `value` at `offset`: every byte of the message, those between fields as zeros. Fields left out, or `undefined`, get
   * their defaults; what has no default and is not optional must be there, and what is not in the schema must not be.
   *
   * Each property of the value is read once, so that one that changes meanwhile cannot lead out of the memory.
   *
   * @returns Bytes that the message takes. If the memory ends before `offset` plus that, then the message is not there: give
   *   more memory and call again. More than MAX_MESSAGE_BYTES, 2^29 - 64, are never there.
   * @throws IsthmusError `INVALID_INPUT`, its `fields` listing every bad field by JSON pointer, up to a thousand; the bytes from
   *   `offset` on are then not to be used.
   * @throws RangeError for an offset that is none.
   */
  encode(value: Input, memory: Memory, offset: number): number;

  /**
   * Reads a message of `length` bytes. Numbers are taken as they are, NaN and what is out of range included; fields that are
   * not there are `undefined`. Nothing of the result refers to the memory. The memory may change meanwhile: then the result is
   * any value, or an error.
   *
   * Tails may lie in any order, and apart. In the order in which `encode` writes them they are read fastest.
   *
   * @throws IsthmusError `HANDLER_FAULT` for a bool that is neither 0 nor 1, a value of an enumeration or a variant of a union
   *   that does not exist, bits without a name, text that is not terminated or not UTF-8, and more than the schema allows;
   *   `MALFORMED_MESSAGE` for another size, and for tails that do not lie in the message, behind the fixed part, aligned, and
   *   each on its own. Its `fields` has the place.
   * @throws RangeError when the memory ends before `offset + length`.
   */
  decode(memory: Memory, offset: number, length: number): Output;

  /** As `encode`, from the JSON form: see `docs/types.md`. */
  encodeJson(value: unknown, memory: Memory, offset: number): number;

  /** As `decode`, to the JSON form. NaN and the infinities, which JSON does not have, are `HANDLER_FAULT` as well. */
  decodeJson(memory: Memory, offset: number, length: number): unknown;

  /** The same as text, without making the value: what `JSON.stringify` gives for it. */
  decodeJsonText(memory: Memory, offset: number, length: number): string;

  /**
   * As `decode`, but each field is only decoded, and checked, when it is read, each time anew: for callers that read two fields of
   * forty. What is inside of it are views again. The memory must stay as it is as long as the view is used; its `view` and
   * `bytes` are asked for each time, so that it can refuse. What lies on what is only found within one field.
   *
   * The fields are getters of the view's class. `for..in`, destructuring by name and encoding work; spreading and `Object.keys`
   * find nothing; `JSON.stringify` gives the JSON form.
   */
  view(memory: Memory, offset: number, length: number): Output;
}

const codecs = new WeakMap<Struct, Codec<unknown>>();

/**
 * The codec of a struct: compiled when first asked for, and the same one from then on.
 *
 * @throws IsthmusError `SCHEMA_INVALID` with every problem of the declaration.
 */
export function codecOf<S extends Struct>(type: S): Codec<Infer<S>, InferInput<S>> {
  let codec = codecs.get(type);
  if (codec === undefined) {
    requireSound(type);
    codec = compileCodec(type);
    codecs.set(type, codec);
  }
  // The compiled code is what makes this true: it checks every value it takes and builds every value it gives.
  return codec as Codec<Infer<S>, InferInput<S>>;
}

/** The codec of an input or output that a call leaves out: no bytes, and `undefined` (in JSON also `{}` or null). */
export const emptyCodec: Codec<undefined, undefined> = Object.freeze({
  size: 0,
  isFixed: true,
  encode: refuseContent,
  decode: requireNothing,
  encodeJson: refuseContent,
  decodeJson: requireNothing,
  decodeJsonText(memory: Memory, offset: number, length: number): string {
    requireNothing(memory, offset, length);
    return '{}';
  },
  view: requireNothing,
});

function refuseContent(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0) return 0;
  const message = 'this method takes no input';
  throw new IsthmusError('INVALID_INPUT', { detail: message, fields: [{ pointer: '', message }] });
}

function requireNothing(_memory: Memory, _offset: number, length: number): undefined {
  if (length === 0) return undefined;
  const message = `has ${length} bytes, and there should be none`;
  throw new IsthmusError('MALFORMED_MESSAGE', { detail: `the message ${message}`, fields: [{ pointer: '', message }] });
}
