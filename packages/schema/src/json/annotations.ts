/** What JSON Schema says of a type for people: description, unit and default. */
import { durationText, timestampText } from '../codec/time.ts';
import { decimalText } from '../language/decimal.ts';
import { limits, type ValueType, type WideType } from '../language/types.ts';
import type { JsonSchema } from './schema.ts';

/** Description and unit, and the default of a field. */
export function annotations(type: ValueType, { isElement = false } = {}): JsonSchema {
  const unit = 'unit' in type ? type.unit : undefined;
  const own = 'fieldDescription' in type ? (type.fieldDescription ?? type.description) : type.description;
  // The unit is there twice: for programs, and for people, whose tools show no keywords that they do not know.
  const parts = [own ?? '', unit === undefined ? '' : `Unit: ${unit}`, rangeOf(type)].filter((part) => part !== '');
  const description = parts.length > 1 ? parts.map(ended).join(' ') : (parts[0] ?? '');
  return {
    ...(description === '' ? {} : { description }),
    ...(unit === undefined ? {} : { 'x-unit': unit }),
    ...(isElement || type.default === undefined ? {} : { default: defaultOf(type) }),
  };
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** The bounds of a number that is written as a string, where the schema narrows them: JSON Schema cannot check them. */
function rangeOf(type: ValueType): string {
  if (!isWide(type)) return '';
  const limit = limits[type.kind];
  const least = type.min > limit.min ? wideText(type, type.min) : undefined;
  const most = type.max < limit.max ? wideText(type, type.max) : undefined;
  if (least !== undefined && most !== undefined) return `From ${least} to ${most}`;
  if (least !== undefined) return `At least ${least}`;
  return most === undefined ? '' : `At most ${most}`;
}

function isWide(type: ValueType): type is WideType {
  return 'min' in type && typeof type.min === 'bigint';
}

/** A default in JSON form. */
function defaultOf(type: ValueType): unknown {
  switch (type.kind) {
    case 'i64':
    case 'u64':
    case 'timestamp':
    case 'duration':
      return type.default === undefined ? undefined : wideText(type, type.default);
    case 'bytesTail':
      return '';
    case 'list':
      return [];
    default:
      return type.default;
  }
}

/** The JSON form of a number in 64 bits. */
function wideText(type: WideType, value: bigint): string {
  if (type.kind === 'decimal') return decimalText(value, type.scale);
  if (type.kind !== 'timestamp' && type.kind !== 'duration') return value.toString();
  const memory = new DataView(new ArrayBuffer(8));
  memory.setBigInt64(0, value);
  return type.kind === 'timestamp' ? timestampText(memory, 0, false) : durationText(memory, 0, false);
}
