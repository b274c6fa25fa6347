import { decimalUnits } from '../language/decimal.ts';
import { sizeOf } from '../language/layout.ts';
import {
  type ArrayType,
  acceptedRange,
  type Enumeration,
  type List,
  limits,
  type Struct,
  type Union,
  type ValueType,
  type WideType,
} from '../language/types.ts';
import { writeBase64Field, writeBytes } from './bytes.ts';
import { bitsOf, writeFlags } from './flags.ts';
import { bigintFromJson } from './int64.ts';
import { setSource } from './number-source.ts';
import { addressOf, type Place, type Source, word } from './source.ts';
import { writeText } from './text.ts';
import { durationFromJson, timestampFromJson } from './time.ts';
import { type Form, unknownNumber } from './valid.ts';

/** What is written as one: not made of other types. */
export type Leaf = Exclude<ValueType, ArrayType | List | Struct | Union>;

export function isLeaf(type: ValueType): type is Leaf {
  return type.kind !== 'array' && type.kind !== 'list' && type.kind !== 'struct' && type.kind !== 'union';
}

/** Up to this many values an enumeration is a chain of comparisons, which beats a look-up in a Map. */
const CHAIN = 8;

/**
 * The expression that makes a given value what `writeSource` takes, which is `undefined` where it cannot be made; empty where
 * they are the same.
 */
export function convertSource(source: Source, type: Leaf, form: Form, value: string): string {
  switch (type.kind) {
    case 'enum':
      return enumNumber(source, type, value);
    case 'decimal':
      return `${source.constant(decimalUnits)}(${value}, ${type.scale})`;
    case 'i64':
    case 'u64':
      return form === 'json' ? `${source.constant(bigintFromJson)}(${value})` : '';
    case 'timestamp':
      return form === 'json' ? `${source.constant(timestampFromJson)}(${value})` : '';
    case 'duration':
      return form === 'json' ? `${source.constant(durationFromJson)}(${value})` : '';
    default:
      return '';
  }
}

function enumNumber(source: Source, { values, open }: Enumeration, value: string): string {
  const unknown = open ? `${source.constant(unknownNumber)}(${value}, ${values.length})` : 'undefined';
  if (values.length > CHAIN) {
    const numbers = source.constant(new Map(values.map((name, index) => [name, index])));
    return open ? `(${numbers}.get(${value}) ?? ${unknown})` : `${numbers}.get(${value})`;
  }
  return `${values.map((name, index) => `${value} === "${word(name)}" ? ${index} : `).join('')}${unknown}`;
}

/** A type's default as `writeSource` takes it. */
export function defaultOf(type: ValueType, form: Form): unknown {
  switch (type.kind) {
    case 'enum':
      return type.values.indexOf(type.default ?? '');
    case 'decimal':
      return decimalUnits(type.default, type.scale);
    case 'list':
      return [];
    case 'bytesTail':
      return form === 'json' ? '' : new Uint8Array(0);
    default:
      return type.default;
  }
}

/**
 * The condition that what was converted is of its type and in its range; empty where only writing it shows that.
 */
export function conditionSource(type: Leaf, value: string): string {
  switch (type.kind) {
    case 'bool':
      return `typeof ${value} === "boolean"`;
    case 'text':
      return `typeof ${value} === "string"`;
    case 'enum':
      return `${value} !== undefined`;
    case 'bytes':
    case 'flags':
    case 'textTail':
    case 'bytesTail':
      return '';
    case 'i64':
    case 'u64':
    case 'timestamp':
    case 'duration':
    case 'decimal':
      return wideCondition(type, value);
    case 'f32':
    case 'f64': {
      const { min, max } = acceptedRange(type);
      // The bounds are finite, so that these comparisons also refuse NaN and the infinities.
      return `typeof ${value} === "number" && ${value} >= ${min} && ${value} <= ${max}`;
    }
    default: {
      // Without the typeof, the operators would throw for a bigint, and call valueOf() of an object.
      const whole = type.kind === 'u32' ? `(${value} >>> 0)` : `(${value} | 0)`;
      return `typeof ${value} === "number" && ${whole} === ${value} && ${value} >= ${type.min} && ${value} <= ${type.max}`;
    }
  }
}

function wideCondition(type: WideType, value: string): string {
  const { min, max } = limits[type.kind];
  const wrap = type.kind === 'u64' ? 'asUintN' : 'asIntN';
  // For the full range, "unchanged by wrapping" is compiled to no arithmetic on heap-allocated bigints.
  const whole = `typeof ${value} === "bigint" && BigInt.${wrap}(64, ${value}) === ${value}`;
  const narrowed = type.min > min || type.max < max;
  return narrowed ? `${whole} && ${value} >= ${type.min}n && ${value} <= ${type.max}n` : whole;
}

/** The statement that writes a value which `conditionSource` holds of, or does `refuse` where writing it shows that it is none. */
export function writeSource(
  source: Source,
  type: Leaf,
  form: Form,
  place: Place,
  value: string,
  refuse: string,
): string {
  const { view, bytes } = place;
  const at = addressOf(place);
  const checked = (call: string) => `if (!${call}) ${refuse}`;
  switch (type.kind) {
    case 'bool':
      return `${view}.setUint8(${at}, ${value} ? 1 : 0);`;
    case 'text':
      return checked(`${source.constant(writeText)}(${bytes}, ${at}, ${type.capacity}, ${value})`);
    case 'bytes': {
      const write = source.constant(form === 'json' ? writeBase64Field : writeBytes);
      return checked(`${write}(${bytes}, ${at}, ${type.length}, ${value})`);
    }
    case 'flags': {
      const bits = source.constant(bitsOf(type));
      return checked(`${source.constant(writeFlags)}(${view}, ${at}, ${sizeOf(type)}, ${value}, ${bits})`);
    }
    case 'textTail':
      return checked(`writer.text(${view}, ${at}, ${value}, ${type.max})`);
    case 'bytesTail':
      return checked(`writer.${form === 'json' ? 'base64' : 'data'}(${view}, ${at}, ${value}, ${type.max})`);
    default:
      return setSource(type, place, value);
  }
}
