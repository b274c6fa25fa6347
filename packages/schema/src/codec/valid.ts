import { decimalUnits } from '../language/decimal.ts';
import { acceptedRange, type ValueType } from '../language/types.ts';
import { base64Bytes, writeBase64 } from './base64.ts';
import { countOf, isBytes } from './bytes.ts';
import { bigintFromJson } from './int64.ts';
import { isText, utf8Length } from './text.ts';
import { durationFromJson, timestampFromJson } from './time.ts';

/** The two forms of a value: as TypeScript code holds it, and as JSON does. */
export type Form = 'native' | 'json';

/**
 * Whether one value fits one type, what it is made of apart: the slow, plain twin of the checks that `encode-leaf.ts` and
 * `encode-source.ts` compile. Only used to explain a refusal, and by tests, which hold the two against each other.
 */
export function fits(type: ValueType, value: unknown, form: Form): boolean {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'text':
      return isTextOf(value, type.capacity);
    case 'textTail':
      return isTextOf(value, type.max);
    case 'bytes':
      return bytesIn(value, form) === type.length;
    case 'bytesTail': {
      const count = bytesIn(value, form);
      return count >= 0 && count <= type.max;
    }
    case 'enum':
      if (typeof value === 'string') return type.values.includes(value);
      return type.open && unknownNumber(value, type.values.length) !== undefined;
    case 'flags': {
      if (!Array.isArray(value) || value.length > type.values.length) return false;
      // Array.from, because the methods of an array pass over holes.
      const names = Array.from(value);
      return new Set(names).size === names.length && names.every((name) => type.values.includes(name));
    }
    case 'array':
      return Array.isArray(value) && value.length === type.length;
    case 'list':
      return Array.isArray(value) && value.length <= type.max;
    case 'struct':
    case 'union':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'i64':
    case 'u64':
      return isBetween(form === 'json' ? bigintFromJson(value) : value, type);
    case 'timestamp':
      return isBetween(form === 'json' ? timestampFromJson(value) : value, type);
    case 'duration':
      return isBetween(form === 'json' ? durationFromJson(value) : value, type);
    case 'decimal':
      return isBetween(decimalUnits(value, type.scale), type);
    case 'f32':
    case 'f64': {
      const { min, max } = acceptedRange(type);
      return typeof value === 'number' && value >= min && value <= max;
    }
    default:
      return Number.isInteger(value) && Number(value) >= type.min && Number(value) <= type.max;
  }
}

function isTextOf(value: unknown, max: number): boolean {
  return typeof value === 'string' && isText(value) && utf8Length(value) <= max;
}

/** How many bytes a value is; -1 if it is none. */
function bytesIn(value: unknown, form: Form): number {
  if (form === 'native') return isBytes(value) ? countOf(value) : -1;
  return typeof value === 'string' && writeBase64(undefined, 0, value) ? base64Bytes(value) : -1;
}

function isBetween(value: unknown, { min, max }: { readonly min: bigint; readonly max: bigint }): boolean {
  return typeof value === 'bigint' && value >= min && value <= max;
}

/** The number of a value that an open enumeration of `count` values does not know. Those that it knows have names. */
export function unknownNumber(value: unknown, count: number): number | undefined {
  return typeof value === 'number' && value >>> 0 === value && value >= count ? value : undefined;
}
