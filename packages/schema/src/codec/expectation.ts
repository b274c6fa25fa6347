import { decimalText } from '../language/decimal.ts';
import { limits, MAX_MESSAGE_BYTES, type ValueType } from '../language/types.ts';
import { halvesOf } from './int64.ts';
import { durationOf, timestampOf } from './time.ts';
import type { Form } from './valid.ts';

/**
 * What a value must be, as the end of a sentence: "must be a finite number of at least 0". TypeScript and the generated C
 * code say it in the same words, except where the forms of a value differ.
 */
export function expectation(type: ValueType, form: Form = 'native'): string {
  switch (type.kind) {
    case 'bool':
      return 'must be true or false';
    case 'text':
      return `must be text of at most ${type.capacity} bytes in UTF-8, without NUL`;
    case 'textTail':
      return `must be text${most(type.max, 'bytes in UTF-8')}, without NUL`;
    case 'bytes':
      return form === 'json'
        ? `must be ${type.length} bytes in base64`
        : `must be a Uint8Array of ${type.length} bytes`;
    case 'bytesTail':
      return `${form === 'json' ? 'must be bytes in base64' : 'must be a Uint8Array'}${most(type.max, 'bytes')}`;
    case 'enum':
      if (!type.open) return `must be one of ${type.values.join(', ')}`;
      return `must be one of ${type.values.join(', ')}, or the number of a later value, from ${type.values.length} to 4294967295`;
    case 'flags':
      return `must be an array of different names out of ${type.values.join(', ')}`;
    case 'array':
      return `must be an array of ${type.length} values`;
    case 'list':
      return `must be an array${most(type.max, 'values')}`;
    case 'struct':
    case 'union':
      return 'must be an object';
    case 'timestamp':
      return within(
        form === 'json'
          ? 'must be a time such as "2026-11-22T08:30:00.5Z"'
          : 'must be a bigint of nanoseconds since 1970',
        type,
        form,
      );
    case 'duration':
      return within(
        form === 'json' ? 'must be a duration such as "PT1H2M3.5S"' : 'must be a bigint of nanoseconds',
        type,
        form,
      );
    case 'decimal':
      return within(
        `must be a decimal number in a string, such as "${decimalText(10n ** BigInt(type.scale), type.scale)}"`,
        type,
        form,
      );
    case 'f32':
    case 'f64': {
      const range = rangeOf(type);
      const limit = type.kind === 'f32' ? ' (a 32-bit float holds up to 3.4e38)' : '';
      if (range === '') return `must be a finite number${limit}`;
      return `must be a finite number ${range.startsWith('at') ? 'of ' : ''}${range}`;
    }
    default:
      return `must be a whole number from ${type.min} to ${type.max}`;
  }
}

function most(max: number, what: string): string {
  return max < MAX_MESSAGE_BYTES ? ` of at most ${max} ${what}` : '';
}

/** Adds the bounds, of which memory sets some anyway. */
function within(what: string, type: ValueType & { readonly min: bigint; readonly max: bigint }, form: Form): string {
  return `${what}, from ${show(type, type.min, form)} to ${show(type, type.max, form)}`;
}

/** The range where the schema narrows it: "from 0 to 10", "at least 0"; otherwise empty. */
export function rangeOf(type: ValueType, form: Form = 'native'): string {
  if (!('min' in type)) return '';
  const limit = limits[type.kind];
  const least = type.min > limit.min;
  const most = type.max < limit.max;
  if (least && most) return `from ${show(type, type.min, form)} to ${show(type, type.max, form)}`;
  if (least) return `at least ${show(type, type.min, form)}`;
  return most ? `at most ${show(type, type.max, form)}` : '';
}

/** A bound as people write it. */
function show(type: ValueType, bound: number | bigint, form: Form): string {
  if (typeof bound === 'number') return `${bound}`;
  if (type.kind === 'decimal') return decimalText(bound, type.scale);
  if (form === 'native') return `${bound}`;
  const { high, low } = halvesOf(bound);
  if (type.kind === 'timestamp') return timestampOf(high, low);
  return type.kind === 'duration' ? durationOf(high, low) : `${bound}`;
}
