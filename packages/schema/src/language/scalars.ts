import { checkOptions } from './options.ts';
import {
  type BigintKind,
  type BigintType,
  type BoolType,
  type FloatKind,
  type FloatType,
  type IntegerKind,
  type IntegerType,
  limits,
  type TextType,
} from './types.ts';

/** What every scalar field takes. */
export interface FieldOptions<Default> {
  /** What the field means, with its unit. Reaches the C comments and JSON Schema; not part of the schema's hash. */
  readonly description?: string;
  /** Encoding fills this in where the field is left out. Without one the field must be given. */
  readonly default?: Default;
}

/** What every numeric field takes. Ranges hold for inputs: TypeScript checks them before sending, C on arrival. */
export interface RangeOptions<Value, Default> extends FieldOptions<Default> {
  /** The least value allowed, inclusive. Default: the type's own limit. */
  readonly min?: Value;
  /** The greatest value allowed, inclusive. Default: the type's own limit. */
  readonly max?: Value;
}

type NumberOptions<Default> = RangeOptions<number, Default>;
type BigintOptions<Default> = RangeOptions<bigint, Default>;

// Ranges and defaults are checked by struct(): only there the field's name is known, and an error can name the place.
// `NoInfer`: without it, inside of struct({ ... }) the place where a field stands would decide D, and not its options.
// `as D`: the type parameter is `undefined` exactly where the options have no default.

function integer<D extends number | undefined>(kind: IntegerKind, options: NumberOptions<D> = {}): IntegerType<D> {
  checkOptions(kind, options, ['description', 'default', 'min', 'max']);
  const { description, default: fallback, min = limits[kind].min, max = limits[kind].max } = options;
  return Object.freeze({ kind, description, default: fallback as D, min, max });
}

function bigint<D extends bigint | undefined>(kind: BigintKind, options: BigintOptions<D> = {}): BigintType<D> {
  checkOptions(kind, options, ['description', 'default', 'min', 'max']);
  const { description, default: fallback, min = limits[kind].min, max = limits[kind].max } = options;
  return Object.freeze({ kind, description, default: fallback as D, min, max });
}

function float<D extends number | undefined>(kind: FloatKind, options: NumberOptions<D> = {}): FloatType<D> {
  checkOptions(kind, options, ['description', 'default', 'min', 'max']);
  const { description, default: fallback, min = limits[kind].min, max = limits[kind].max } = options;
  return Object.freeze({ kind, description, default: fallback as D, min, max });
}

/** True or false. C: `bool`, one byte, 0 or 1. */
export function bool<D extends boolean | undefined = undefined>(options: FieldOptions<D> = {}): BoolType<D> {
  checkOptions('bool', options, ['description', 'default']);
  return Object.freeze({ kind: 'bool', description: options.description, default: options.default as D });
}

/** A whole number from -128 to 127. C: `int8_t`. */
export function i8<D extends number | undefined = undefined>(options?: NumberOptions<D>): IntegerType<NoInfer<D>> {
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
export function u8<D extends number | undefined = undefined>(options?: NumberOptions<D>): IntegerType<NoInfer<D>> {
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
 * Text of up to `capacity` bytes of UTF-8, without NUL characters. C: `char name[capacity + 1]`, always terminated, the
 * rest zero.
 */
export function text<D extends string | undefined = undefined>(
  capacity: number,
  options: FieldOptions<D> = {},
): TextType<D> {
  checkOptions('text', options, ['description', 'default']);
  return Object.freeze({
    kind: 'text',
    description: options.description,
    default: options.default as D,
    capacity,
  });
}
