/**
 * What a schema is made of: plain frozen objects, told apart by `kind`. Users make them with the functions in this folder;
 * the layout, the codecs and the generators read them.
 */

export type IntegerKind = 'i8' | 'i16' | 'i32' | 'u8' | 'u16' | 'u32';
export type BigintKind = 'i64' | 'u64';
export type FloatKind = 'f32' | 'f64';

export interface BoolType<Default extends boolean | undefined = boolean | undefined> {
  readonly kind: 'bool';
  readonly description: string | undefined;
  readonly default: Default;
}

export interface IntegerType<Default extends number | undefined = number | undefined> {
  readonly kind: IntegerKind;
  readonly description: string | undefined;
  readonly default: Default;
  /** The least value allowed: the kind's own limit unless the schema narrows it. */
  readonly min: number;
  readonly max: number;
}

export interface BigintType<Default extends bigint | undefined = bigint | undefined> {
  readonly kind: BigintKind;
  readonly description: string | undefined;
  readonly default: Default;
  readonly min: bigint;
  readonly max: bigint;
}

export interface FloatType<Default extends number | undefined = number | undefined> {
  readonly kind: FloatKind;
  readonly description: string | undefined;
  readonly default: Default;
  /** As declared: see `acceptedRange`. */
  readonly min: number;
  readonly max: number;
}

export interface TextType<Default extends string | undefined = string | undefined> {
  readonly kind: 'text';
  readonly description: string | undefined;
  readonly default: Default;
  /** The most bytes of UTF-8; in memory one more, for the terminating NUL. */
  readonly capacity: number;
}

export interface Enumeration<Value extends string = string, Default extends Value | undefined = Value | undefined> {
  readonly kind: 'enum';
  readonly name: string;
  /** In order: the first one is 0 in C. */
  readonly values: readonly Value[];
  /** What the enumeration is. */
  readonly description: string | undefined;
  /** What this field of it is: see `field`. */
  readonly fieldDescription: string | undefined;
  readonly default: Default;
}

/** The fields of a struct, in the order of declaration, which is the order in memory. */
export interface Fields {
  readonly [name: string]: Type;
}

export interface Struct<F extends Fields = Fields> {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: F;
  /** What the struct is. */
  readonly description: string | undefined;
  /** What this field of it is: see `field`. */
  readonly fieldDescription: string | undefined;
  readonly layout: Layout;
}

export type Scalar = BoolType | IntegerType | BigintType | FloatType | TextType;
export type Type = Scalar | Enumeration | Struct;

/** Where a struct's fields lie, as the C compiler of a 64-bit machine places them. */
export interface Layout {
  /** Bytes, padding at the end included. */
  readonly size: number;
  readonly align: number;
  readonly fields: readonly PlacedField[];
}

export interface PlacedField {
  readonly name: string;
  readonly type: Type;
  /** Bytes from the beginning of the struct. */
  readonly offset: number;
  readonly size: number;
}

/** The value range of each numeric kind. Floats: the finite ones. */
export const limits = {
  i8: { min: -128, max: 127 },
  i16: { min: -32_768, max: 32_767 },
  i32: { min: -2_147_483_648, max: 2_147_483_647 },
  u8: { min: 0, max: 255 },
  u16: { min: 0, max: 65_535 },
  u32: { min: 0, max: 4_294_967_295 },
  i64: { min: -9_223_372_036_854_775_808n, max: 9_223_372_036_854_775_807n },
  u64: { min: 0n, max: 18_446_744_073_709_551_615n },
  f32: { min: -3.4028234663852886e38, max: 3.4028234663852886e38 },
  f64: { min: -Number.MAX_VALUE, max: Number.MAX_VALUE },
} as const;

/**
 * The most bytes of one struct. The generated C wrapper checks a private copy of the input on the serving thread's stack,
 * and the smallest default stack of a supported libc (musl) is 128 KiB.
 */
export const MAX_STRUCT_BYTES = 65_536;

/**
 * The range that a float is held to, before it is rounded: the declared one, widened for f32 to where its bounds round to.
 * With max 0.1, an f32 of 0.1 becomes 0.10000000149; without the widening, what was decoded could not be encoded again.
 */
export function acceptedRange({ kind, min, max }: FloatType): { readonly min: number; readonly max: number } {
  return kind === 'f64' ? { min, max } : { min: Math.min(min, Math.fround(min)), max: Math.max(max, Math.fround(max)) };
}
