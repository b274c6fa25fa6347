/**
 * What a schema is made of: plain frozen objects, told apart by `kind`. Users make them with the functions in this folder;
 * the layout, the codecs and the generators read them.
 */

export type IntegerKind = 'i8' | 'i16' | 'i32' | 'u8' | 'u16' | 'u32';
export type BigintKind = 'i64' | 'u64';
export type FloatKind = 'f32' | 'f64';
export type TimeKind = 'timestamp' | 'duration';

/** What every type has. */
export interface Common {
  /** What the field means. Reaches the C comments, JSON Schema and the docs; not part of the schema's hash. */
  readonly description: string | undefined;
  /**
   * What is wrong with the declaration, in words; empty for a sound one. Those of a struct or a union begin with the place, and
   * those of all that it is made of are among them. `service` reports all of them at once.
   */
  readonly problems: readonly string[];
}

/** What a named type has: one that is declared once and may be the type of many fields. */
export interface Named extends Common {
  readonly name: string;
  /** What this field of it is: see `field`. */
  readonly fieldDescription: string | undefined;
  /** What is wrong with the options of this field of it. */
  readonly fieldProblems: readonly string[];
}

/** What the types have whose values can have a unit. */
export interface Measured extends Common {
  /** What one of it is: `USD`, `m/s`. Goes where the description goes. */
  readonly unit: string | undefined;
}

/** What a number of several bytes has. */
export interface Ordered {
  /** Whether its first byte in memory is the most significant one. */
  readonly bigEndian: boolean;
}

export interface BoolType<Default extends boolean | undefined = boolean | undefined> extends Common {
  readonly kind: 'bool';
  readonly default: Default;
}

export interface IntegerType<Default extends number | undefined = number | undefined> extends Measured, Ordered {
  readonly kind: IntegerKind;
  readonly default: Default;
  /** The least value allowed: the kind's own limit unless the schema narrows it. */
  readonly min: number;
  readonly max: number;
}

export interface BigintType<Default extends bigint | undefined = bigint | undefined> extends Measured, Ordered {
  readonly kind: BigintKind;
  readonly default: Default;
  readonly min: bigint;
  readonly max: bigint;
}

export interface FloatType<Default extends number | undefined = number | undefined> extends Measured, Ordered {
  readonly kind: FloatKind;
  readonly default: Default;
  /** As declared: see `acceptedRange`. */
  readonly min: number;
  readonly max: number;
}

/** Nanoseconds in 64 bits: since 1970-01-01T00:00:00Z, or of time that passes. */
export interface TimeType<Default extends bigint | undefined = bigint | undefined> extends Common, Ordered {
  readonly kind: TimeKind;
  readonly default: Default;
  readonly min: bigint;
  readonly max: bigint;
}

/** A decimal number with a fixed count of digits after the point; in memory 10^scale times the value, in 64 bits. */
export interface DecimalType<Default extends string | undefined = string | undefined> extends Measured, Ordered {
  readonly kind: 'decimal';
  /** Digits after the point: 0 to 18. */
  readonly scale: number;
  /** With exactly `scale` digits after the point. */
  readonly default: Default;
  /** As in memory. */
  readonly min: bigint;
  readonly max: bigint;
}

/** Text within the fixed part. */
export interface TextType<Default extends string | undefined = string | undefined> extends Common {
  readonly kind: 'text';
  readonly default: Default;
  /** The most bytes of UTF-8; in memory one more, for the terminating NUL. */
  readonly capacity: number;
}

/** Bytes within the fixed part: always as many. */
export interface BytesType extends Common {
  readonly kind: 'bytes';
  readonly length: number;
  readonly default: undefined;
}

export interface Enumeration<
  Value extends string = string,
  Default extends Value | undefined = Value | undefined,
  Open extends boolean = boolean,
> extends Named {
  readonly kind: 'enum';
  /** In order: the first one is 0 in C. */
  readonly values: readonly Value[];
  /** Whether a later version of the schema may have more values: then one that is not known here is its number. */
  readonly open: Open;
  readonly default: Default;
}

/** A set of names, each a bit. */
export interface Flags<
  Value extends string = string,
  Default extends readonly Value[] | undefined = readonly Value[] | undefined,
> extends Named {
  readonly kind: 'flags';
  /** In order: the first one is bit 0. */
  readonly values: readonly Value[];
  readonly bits: FlagBits;
  /** Whether a later version of the schema may have more: then bits that are not known here are left out in reading. */
  readonly open: boolean;
  readonly default: Default;
}

export type FlagBits = 8 | 16 | 32 | 64;

/** A fixed number of values, one after the other. */
export interface ArrayType<Element extends ValueType = ValueType> extends Common {
  readonly kind: 'array';
  readonly element: Element;
  readonly length: number;
  readonly default: undefined;
}

/** One of several structs, and which. */
export interface Union<V extends Variants = Variants> extends Named {
  readonly kind: 'union';
  /** In order: the first one is 0 in C. */
  readonly variants: V;
  readonly default: undefined;
  readonly layout: UnionLayout;
}

export interface Variants {
  readonly [name: string]: Struct;
}

/** Text of any length, behind the fixed part. */
export interface TextTail<Default extends string | undefined = string | undefined> extends Common {
  readonly kind: 'textTail';
  /** The most bytes of UTF-8. */
  readonly max: number;
  readonly default: Default;
}

/** Any number of bytes, behind the fixed part. */
export interface BytesTail<Default extends 'empty' | undefined = 'empty' | undefined> extends Common {
  readonly kind: 'bytesTail';
  readonly max: number;
  /** `empty`: where the field is left out, there are none. */
  readonly default: Default;
}

/** Any number of values, behind the fixed part. */
export interface List<Element extends ValueType = ValueType, Default extends 'empty' | undefined = 'empty' | undefined>
  extends Common {
  readonly kind: 'list';
  readonly element: Element;
  /** The most elements. */
  readonly max: number;
  readonly default: Default;
}

/** A field that need not be there. */
export interface Optional<T extends ValueType = ValueType> extends Common {
  readonly kind: 'optional';
  readonly type: T;
}

/** The fields of a struct, in the order of declaration, which is the order in memory. */
export interface Fields {
  readonly [name: string]: Type;
}

export interface Struct<F extends Fields = Fields> extends Named {
  readonly kind: 'struct';
  readonly fields: F;
  /** Whether fields follow each other without gaps. */
  readonly packed: boolean;
  readonly default: undefined;
  readonly layout: Layout;
}

/** A number in 64 bits whose JSON form is a string. */
export type WideType = BigintType | TimeType | DecimalType;
export type Scalar = BoolType | IntegerType | FloatType | WideType;
/** What lies behind the fixed part; there is only its place in it. */
export type Tail = TextTail | BytesTail | List;
export type ValueType = Scalar | TextType | BytesType | Enumeration | Flags | ArrayType | Union | Struct | Tail;
export type Type = ValueType | Optional;

/** Where a struct's fields lie, as the C compiler of a 64-bit machine places them. */
export interface Layout {
  /** Bytes, padding at the end included. */
  readonly size: number;
  readonly align: number;
  readonly fields: readonly PlacedField[];
  /** Offsets of the words of presence bits: each lies before the first of the up to 32 optional fields it is for. */
  readonly presence: readonly number[];
  /** Whether something in it lies behind the fixed part. */
  readonly hasTails: boolean;
  /** How many structs, unions and lists are inside of each other, this one included. */
  readonly depth: number;
}

export interface PlacedField {
  readonly name: string;
  /** Of an optional field: the type of its value. */
  readonly type: ValueType;
  /** Bytes from the beginning of the struct. */
  readonly offset: number;
  readonly size: number;
  /** Of an optional field: where the bit is that says whether it is there. */
  readonly presence: Presence | undefined;
}

export interface Presence {
  /** Of the word, a u32, from the beginning of the struct; and which of `layout.presence` it is. */
  readonly offset: number;
  readonly word: number;
  /** 0 to 31. */
  readonly bit: number;
}

/** A union begins with the number of its variant, 32 bits. */
export interface UnionLayout {
  readonly size: number;
  readonly align: number;
  /** Where the variant begins. */
  readonly offset: number;
  readonly hasTails: boolean;
  readonly depth: number;
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
  timestamp: { min: -9_223_372_036_854_775_808n, max: 9_223_372_036_854_775_807n },
  duration: { min: -9_223_372_036_854_775_808n, max: 9_223_372_036_854_775_807n },
  decimal: { min: -9_223_372_036_854_775_808n, max: 9_223_372_036_854_775_807n },
} as const;

/**
 * The most bytes of one struct, without what lies behind it. The generated C wrapper checks a private copy of the input on the
 * serving thread's stack, and the smallest default stack of a supported libc (musl) is 128 KiB.
 */
export const MAX_STRUCT_BYTES = 65_536;

/** The most that a message can be, or say of itself: what the largest ring can carry. */
export const MAX_MESSAGE_BYTES = 2 ** 29 - 64;

/** Messages begin at multiples of a cache line, so nothing in them can have a stricter alignment. */
export const MAX_MESSAGE_ALIGN = 64;

/** The most values of an enumeration: a bound for all that looks one up. */
export const MAX_ENUM_VALUES = 4096;

/** The most structs, unions and lists inside of each other: a bound for all that walks a type. */
export const MAX_DEPTH = 32;

/** Bytes of a tail's place within the fixed part: an offset and a length, 32 bits each. */
export const SPAN_BYTES = 8;

/**
 * The range that a float is held to, before it is rounded: the declared one, widened for f32 to where its bounds round to.
 * With max 0.1, an f32 of 0.1 becomes 0.10000000149; without the widening, what was decoded could not be encoded again.
 */
export function acceptedRange({ kind, min, max }: FloatType): { readonly min: number; readonly max: number } {
  return kind === 'f64' ? { min, max } : { min: Math.min(min, Math.fround(min)), max: Math.max(max, Math.fround(max)) };
}

/** Whether a type's value lies, in part at least, behind the fixed part. */
export function hasTails(type: ValueType): boolean {
  switch (type.kind) {
    case 'textTail':
    case 'bytesTail':
    case 'list':
      return true;
    case 'struct':
    case 'union':
      return type.layout.hasTails;
    case 'array':
      return hasTails(type.element);
    default:
      return false;
  }
}
