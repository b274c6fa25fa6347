import { optionProblems } from './options.ts';
import { rangeProblems } from './ranges.ts';
import {
  type BigintKind,
  type BigintType,
  type BoolType,
  type FloatKind,
  type FloatType,
  type IntegerKind,
  type IntegerType,
  limits,
  type TimeKind,
  type TimeType,
} from './types.ts';

/** What every field takes. */
export interface FieldOptions<Default> {
  /** What the field means. Reaches the C comments, JSON Schema and the docs; not part of the schema's hash. */
  readonly description?: string;
  /** Encoding fills this in where the field is left out. Without one the field must be given. */
  readonly default?: Default;
}

/** What every field with an order takes. Ranges hold for inputs: TypeScript checks them before sending, C on arrival. */
export interface RangeOptions<Value, Default> extends FieldOptions<Default> {
  /** The least value allowed, inclusive. Default: the type's own limit. */
  readonly min?: Value;
  /** The greatest value allowed, inclusive. Default: the type's own limit. */
  readonly max?: Value;
}

/** How a number of two or more bytes lies in memory. */
export interface EndianOptions {
  /** `big` for memory that exists already and is so: network byte order. Default: `little`, as the machine has it. */
  readonly endian?: 'little' | 'big';
}

export interface UnitOptions {
  /** What one of it is, for people: `USD`, `m/s`. Reaches the C comments, JSON Schema and the docs. */
  readonly unit?: string;
}

export interface NumberOptions<Default> extends RangeOptions<number, Default>, UnitOptions, EndianOptions {}
export interface BigintOptions<Default> extends RangeOptions<bigint, Default>, UnitOptions, EndianOptions {}
export interface TimeOptions<Default> extends RangeOptions<bigint, Default>, EndianOptions {}

// `NoInfer`: without it, inside of struct({ ... }) the place where a field stands would decide D, and not its options.
// `as D`: the type parameter is `undefined` exactly where the options have no default.

const rangeOptions = ['description', 'default', 'min', 'max'];

function integer<D extends number | undefined>(kind: IntegerKind, options: NumberOptions<D> = {}): IntegerType<D> {
  const problems = optionProblems(options, [...rangeOptions, 'unit', ...(limits[kind].max > 255 ? ['endian'] : [])]);
  const { description, unit, default: fallback, min = limits[kind].min, max = limits[kind].max } = options ?? {};
  problems.push(...rangeProblems(kind, { min, max, default: fallback }), ...endianProblems(options));
  return Object.freeze({ kind, description, unit, default: fallback as D, min, max, ...placed(options, problems) });
}

function bigint<D extends bigint | undefined>(kind: BigintKind, options: BigintOptions<D> = {}): BigintType<D> {
  const problems = optionProblems(options, [...rangeOptions, 'unit', 'endian']);
  const { description, unit, default: fallback, min = limits[kind].min, max = limits[kind].max } = options ?? {};
  problems.push(...rangeProblems(kind, { min, max, default: fallback }), ...endianProblems(options));
  return Object.freeze({ kind, description, unit, default: fallback as D, min, max, ...placed(options, problems) });
}

function float<D extends number | undefined>(kind: FloatKind, options: NumberOptions<D> = {}): FloatType<D> {
  const problems = optionProblems(options, [...rangeOptions, 'unit', 'endian']);
  const { description, unit, default: fallback, min = limits[kind].min, max = limits[kind].max } = options ?? {};
  problems.push(...rangeProblems(kind, { min, max, default: fallback }), ...endianProblems(options));
  return Object.freeze({ kind, description, unit, default: fallback as D, min, max, ...placed(options, problems) });
}

function time<D extends bigint | undefined>(kind: TimeKind, options: TimeOptions<D> = {}): TimeType<D> {
  const problems = optionProblems(options, [...rangeOptions, 'endian']);
  const { description, default: fallback, min = limits[kind].min, max = limits[kind].max } = options ?? {};
  problems.push(...rangeProblems(kind, { min, max, default: fallback }), ...endianProblems(options));
  return Object.freeze({ kind, description, default: fallback as D, min, max, ...placed(options, problems) });
}

/** @internal Shared with decimal(). */
export function endianProblems(options: EndianOptions): string[] {
  const { endian } = options ?? {};
  return endian === undefined || endian === 'little' || endian === 'big' ? [] : ['endian must be "little" or "big"'];
}

/** @internal What every number has at the end. */
export function placed(
  options: EndianOptions,
  problems: string[],
): { readonly bigEndian: boolean; readonly problems: readonly string[] } {
  return { bigEndian: options?.endian === 'big', problems: Object.freeze(problems) };
}

/** True or false. C: `bool`, one byte, 0 or 1. */
export function bool<D extends boolean | undefined = undefined>(options: FieldOptions<D> = {}): BoolType<D> {
  const problems = optionProblems(options, ['description', 'default']);
  const { description, default: fallback } = options ?? {};
  if (fallback !== undefined && typeof fallback !== 'boolean') problems.push('the default must be true or false');
  return Object.freeze({
    kind: 'bool',
    description,
    default: fallback as D,
    problems: Object.freeze(problems),
  });
}

/** A whole number from -128 to 127. C: `int8_t`. */
export function i8<D extends number | undefined = undefined>(
  options?: Omit<NumberOptions<D>, 'endian'>,
): IntegerType<NoInfer<D>> {
  return integer('i8', options);
}

/** A whole number from -32,768 to 32,767. C: `int16_t`. */
export function i16<D extends number | undefined = undefined>(options?: NumberOptions<D>): IntegerType<NoInfer<D>> {
  return integer('i16', options);
}

/** A whole number from -2^31 to 2^31 - 1. C: `int32_t`. */
export function i32<D extends number | undefined = undefined>(options?: NumberOptions<D>): IntegerType<NoInfer<D>> {
  return integer('i32', options);
}

/** A whole number from -2^63 to 2^63 - 1. C: `int64_t`. TypeScript: `bigint`. JSON: a decimal string. */
export function i64<D extends bigint | undefined = undefined>(options?: BigintOptions<D>): BigintType<NoInfer<D>> {
  return bigint('i64', options);
}

/** A whole number from 0 to 255. C: `uint8_t`. */
export function u8<D extends number | undefined = undefined>(
  options?: Omit<NumberOptions<D>, 'endian'>,
): IntegerType<NoInfer<D>> {
  return integer('u8', options);
}

/** A whole number from 0 to 65,535. C: `uint16_t`. */
export function u16<D extends number | undefined = undefined>(options?: NumberOptions<D>): IntegerType<NoInfer<D>> {
  return integer('u16', options);
}

/** A whole number from 0 to 2^32 - 1. C: `uint32_t`. */
export function u32<D extends number | undefined = undefined>(options?: NumberOptions<D>): IntegerType<NoInfer<D>> {
  return integer('u32', options);
}

/** A whole number from 0 to 2^64 - 1. C: `uint64_t`. TypeScript: `bigint`. JSON: a decimal string. */
export function u64<D extends bigint | undefined = undefined>(options?: BigintOptions<D>): BigintType<NoInfer<D>> {
  return bigint('u64', options);
}

/** A finite number, rounded to the nearest 32-bit float. C: `float`. */
export function f32<D extends number | undefined = undefined>(options?: NumberOptions<D>): FloatType<NoInfer<D>> {
  return float('f32', options);
}

/** A finite number. C: `double`. */
export function f64<D extends number | undefined = undefined>(options?: NumberOptions<D>): FloatType<NoInfer<D>> {
  return float('f64', options);
}

/**
 * A moment: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted, from the year 1677 to 2262. C: `int64_t`.
 * TypeScript: `bigint`. JSON: RFC 3339, `2026-11-22T08:30:00.000000001Z`.
 */
export function timestamp<D extends bigint | undefined = undefined>(options?: TimeOptions<D>): TimeType<NoInfer<D>> {
  return time('timestamp', options);
}

/** A span of time in nanoseconds, up to 292 years, possibly negative. C: `int64_t`. TypeScript: `bigint`. JSON: ISO 8601, `PT1H2M3.5S`. */
export function duration<D extends bigint | undefined = undefined>(options?: TimeOptions<D>): TimeType<NoInfer<D>> {
  return time('duration', options);
}
