import { alignOf, depthOf, sizeOf } from './layout.ts';
import { optionProblems } from './options.ts';
import type { FieldOptions } from './scalars.ts';
import {
  type ArrayType,
  type BytesTail,
  type BytesType,
  type List,
  MAX_DEPTH,
  MAX_MESSAGE_ALIGN,
  MAX_MESSAGE_BYTES,
  MAX_STRUCT_BYTES,
  type Optional,
  type TextTail,
  type TextType,
  type ValueType,
} from './types.ts';
import { isValueType, notAType, standIn } from './values.ts';

export interface TailOptions<Default> extends FieldOptions<Default> {
  /** The most there may be: bytes of UTF-8, bytes, or elements. Default: what a message can carry. */
  readonly max?: number;
}

/**
 * Text of up to `capacity` bytes of UTF-8, without NUL characters, within the fixed part. C: `char name[capacity + 1]`, always
 * terminated, the rest zero.
 */
export function text<D extends string | undefined = undefined>(
  capacity: number,
  options?: FieldOptions<D>,
): TextType<NoInfer<D>>;
/** Text of any length, without NUL characters, behind the fixed part. C: an `isth_span`, read through an accessor. */
export function text<D extends string | undefined = undefined>(options?: TailOptions<D>): TextTail<NoInfer<D>>;
export function text(
  first?: number | TailOptions<string | undefined>,
  second: FieldOptions<string | undefined> = {},
): TextType | TextTail {
  if (typeof first === 'object' || first === undefined) return textTail(first === undefined ? {} : first);
  const problems = optionProblems(second, ['description', 'default']);
  const { description, default: fallback } = second ?? {};
  const capacity = checkedLength('the capacity', first, MAX_STRUCT_BYTES - 1, problems);
  if (capacity === first) problems.push(...textProblems(fallback, capacity));
  return Object.freeze({
    kind: 'text',
    description,
    default: fallback,
    capacity,
    problems: Object.freeze(problems),
  });
}

function textTail(options: TailOptions<string | undefined>): TextTail {
  const problems = optionProblems(options, ['description', 'default', 'max']);
  const { description, default: fallback } = options ?? {};
  const max = checkedMax(options, problems);
  problems.push(...textProblems(fallback, max));
  return Object.freeze({ kind: 'textTail', description, default: fallback, max, problems: Object.freeze(problems) });
}

function textProblems(fallback: unknown, capacity: number): string[] {
  if (fallback === undefined) return [];
  if (typeof fallback !== 'string' || !fallback.isWellFormed() || fallback.includes('\0')) {
    return ['the default must be well-formed text without NUL characters'];
  }
  const bytes = new TextEncoder().encode(fallback).length;
  return bytes > capacity ? [`the default takes ${bytes} bytes of ${capacity}`] : [];
}

/** Exactly `length` bytes, within the fixed part. C: `uint8_t name[length]`. TypeScript: `Uint8Array`. JSON: base64. */
export function bytes(length: number, options?: { readonly description?: string }): BytesType;
/**
 * Any number of bytes, behind the fixed part. C: an `isth_span`, read through an accessor. Given as the input or output of a
 * call itself: a payload without any form.
 */
export function bytes<D extends 'empty' | undefined = undefined>(options?: TailOptions<D>): BytesTail<NoInfer<D>>;
export function bytes(
  first?: number | TailOptions<'empty' | undefined>,
  second: { readonly description?: string } = {},
): BytesType | BytesTail {
  if (typeof first === 'number') {
    const problems = optionProblems(second, ['description']);
    const length = checkedLength('the length', first, MAX_STRUCT_BYTES, problems);
    return Object.freeze({
      kind: 'bytes',
      description: second?.description,
      default: undefined,
      length,
      problems: Object.freeze(problems),
    });
  }
  const options = first === undefined ? {} : first;
  const problems = optionProblems(options, ['description', 'default', 'max']);
  const { description, default: fallback } = options ?? {};
  const max = checkedMax(options, problems);
  problems.push(...emptyProblems(fallback));
  return Object.freeze({ kind: 'bytesTail', description, default: fallback, max, problems: Object.freeze(problems) });
}

/**
 * Any number of values of one type, behind the fixed part. C: an `isth_span`, read through an accessor.
 *
 * @param element Any type but an optional one. Its own default, if it has one, is not used.
 */
export function list<Element extends ValueType, D extends 'empty' | undefined = undefined>(
  element: Element,
  options: TailOptions<D> = {},
): List<Element, NoInfer<D>> {
  const problems = [...elementProblems(element), ...optionProblems(options, ['description', 'default', 'max'])];
  const { description, default: fallback } = options ?? {};
  const max = checkedMax(options, problems);
  problems.push(...emptyProblems(fallback));
  if (isValueType(element) && alignOf(element) > MAX_MESSAGE_ALIGN) {
    problems.push(
      `its elements are aligned to ${alignOf(element)} bytes, and ${MAX_MESSAGE_ALIGN} is the most in a message`,
    );
  }
  // It is 'empty' exactly where the options have a default.
  return Object.freeze({
    kind: 'list',
    element: isValueType(element) ? element : notThere<Element>(),
    description,
    default: fallback as D,
    max,
    problems: Object.freeze(problems),
  });
}

/**
 * Exactly `length` values of one type, one after the other. C: `T name[length]`.
 *
 * @param element Any type but an optional one. Its own default, if it has one, is not used.
 */
export function array<Element extends ValueType>(
  element: Element,
  length: number,
  options: { readonly description?: string } = {},
): ArrayType<Element> {
  const problems = [...elementProblems(element), ...optionProblems(options, ['description'])];
  const count = checkedLength('the length', length, MAX_STRUCT_BYTES, problems);
  const elementBytes = isValueType(element) ? sizeOf(element) : 0;
  // An element that is too large has said so.
  if (elementBytes <= MAX_STRUCT_BYTES && elementBytes * count > MAX_STRUCT_BYTES) {
    problems.push(`it takes ${elementBytes * count} bytes, and ${MAX_STRUCT_BYTES} is the most`);
  }
  return Object.freeze({
    kind: 'array',
    element: isValueType(element) ? element : notThere<Element>(),
    length: count,
    description: options?.description,
    default: undefined,
    problems: Object.freeze(problems),
  });
}

/**
 * A field that need not be there: a bit says whether it is, so that every value stays possible. TypeScript: `undefined`.
 * JSON: the key is left out. C: `<struct>_has_<field>()`.
 */
export function optional<T extends ValueType>(type: T): Optional<T> {
  const problems: string[] = [];
  if (!isValueType(type)) problems.push(notAType(type));
  else if (type.default !== undefined) problems.push('an optional field has no default: left out, it is not there');
  const value = isValueType(type) ? type : notThere<T>();
  return Object.freeze({
    kind: 'optional',
    type: value,
    description: value.description,
    problems: Object.freeze(problems),
  });
}

/** In plain JavaScript there may be something else than a type. Nothing looks at what stands in: the problem is reported first. */
function notThere<T extends ValueType>(): T {
  return standIn as ValueType as T;
}

function elementProblems(element: unknown): string[] {
  if (!isValueType(element)) return [`its elements: ${notAType(element)}`];
  return depthOf(element) === MAX_DEPTH ? [`more than ${MAX_DEPTH} types are inside of each other`] : [];
}

function emptyProblems(fallback: unknown): string[] {
  return fallback === undefined || fallback === 'empty' ? [] : ['the default must be "empty"'];
}

function checkedMax(options: TailOptions<unknown>, problems: string[]): number {
  const { max = MAX_MESSAGE_BYTES } = options ?? {};
  return checkedLength('max', max, MAX_MESSAGE_BYTES, problems, MAX_MESSAGE_BYTES);
}

/** A length, or a problem more and a length that stands in. */
function checkedLength(what: string, length: unknown, most: number, problems: string[], otherwise = 1): number {
  if (typeof length === 'number' && Number.isInteger(length) && length >= 1 && length <= most) return length;
  problems.push(`${what} must be a whole number from 1 to ${most}`);
  return otherwise;
}
