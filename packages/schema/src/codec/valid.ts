import { acceptedRange, type Type } from '../language/types.ts';

/**
 * Whether one value fits one type: the slow, plain twin of the checks that `source.ts` compiles. Only used to explain a
 * refusal, and by tests, which hold the two against each other.
 */
export function fits(type: Type, value: unknown, form: Form): boolean {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'text':
      return (
        typeof value === 'string' &&
        value.isWellFormed() &&
        !value.includes('\0') &&
        new TextEncoder().encode(value).length <= type.capacity
      );
    case 'enum':
      return typeof value === 'string' && type.values.includes(value);
    case 'struct':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'i64':
    case 'u64': {
      const integer = form === 'json' ? bigintFromJson(value) : value;
      return typeof integer === 'bigint' && integer >= type.min && integer <= type.max;
    }
    case 'f32':
    case 'f64': {
      const { min, max } = acceptedRange(type);
      return typeof value === 'number' && value >= min && value <= max;
    }
    default:
      return Number.isInteger(value) && Number(value) >= type.min && Number(value) <= type.max;
  }
}

/** The two forms of a value: as TypeScript code holds it, and as JSON does. */
export type Form = 'native' | 'json';

/** A decimal integer of at most 20 digits, without leading zeros: what a 64-bit integer can be written as. */
const decimal = /^(?:0|-?[1-9][0-9]{0,19})$/;

/** The 64-bit integer that a JSON value stands for, or `undefined`: a decimal string, or a number that is exact. */
export function bigintFromJson(value: unknown): bigint | undefined {
  if (typeof value === 'string') return decimal.test(value) ? BigInt(value) : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
