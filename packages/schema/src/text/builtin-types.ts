import { decimal, decimalText } from '../language/decimal.ts';
import {
  bool,
  duration,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type NumberOptions,
  type TimeOptions,
  timestamp,
  u8,
  u16,
  u32,
  u64,
} from '../language/scalars.ts';
import { bytes, text } from '../language/sequences.ts';
import type { ValueType } from '../language/types.ts';
import { bigintOf, booleanOf, numberOf, stringOf } from './parse-value.ts';
import { requireNone, TextProblem } from './problem.ts';
import { defaultOption, emptyOf, rangeOptions, tailOptions, type Words } from './words.ts';

// Written out, because what a record of generic functions takes cannot be told to the compiler without assertions.
const numbers: { readonly [name: string]: (options: NumberOptions<number>) => ValueType } = {
  i8: (options) => i8(options),
  i16: (options) => i16(options),
  i32: (options) => i32(options),
  u8: (options) => u8(options),
  u16: (options) => u16(options),
  u32: (options) => u32(options),
  f32: (options) => f32(options),
  f64: (options) => f64(options),
};
const bigints: { readonly [name: string]: (options: TimeOptions<bigint>) => ValueType } = {
  i64: (options) => i64(options),
  u64: (options) => u64(options),
  timestamp: (options) => timestamp(options),
  duration: (options) => duration(options),
};

/** The type that a name of the language is for, such as `u8`, or `text(12)` with its length; `undefined`: there is none. */
export function builtinType(name: string, length: string | undefined, words: Words): ValueType | undefined {
  return length === undefined ? plainType(name, words) : sizedType(name, Number(length), words);
}

function plainType(name: string, words: Words): ValueType | undefined {
  if (Object.hasOwn(numbers, name)) return numbers[name]?.(rangeOptions(words, numberOf, numberOf));
  if (Object.hasOwn(bigints, name)) return bigints[name]?.(rangeOptions(words, bigintOf, bigintOf));
  switch (name) {
    case 'bool':
      return bool(defaultOption(words, booleanOf));
    case 'text':
      return text(tailOptions(words, stringOf));
    case 'bytes':
      return bytes(tailOptions(words, emptyOf));
    default:
      return undefined;
  }
}

function sizedType(name: string, length: number, words: Words): ValueType | undefined {
  switch (name) {
    case 'text':
      return text(length, defaultOption(words, stringOf));
    case 'bytes':
      if (words.narrowing.length > 0 || words.fallback !== undefined)
        throw new TextProblem('it has no more than a length');
      return bytes(length);
    case 'decimal': {
      // Before it says how many digits there are to write.
      requireNone(decimal(length).problems);
      const bound = (units: string) => decimalText(bigintOf(units), length);
      return decimal(
        length,
        rangeOptions(words, bound, (digits) => digits),
      );
    }
    default:
      return undefined;
  }
}
