import { limits, type Type } from '../language/types.ts';

/**
 * What a value must be, as the end of a sentence: "must be a finite number of at least 0". TypeScript and the generated C
 * code say it in the same words.
 */
export function expectation(type: Type): string {
  switch (type.kind) {
    case 'bool':
      return 'must be true or false';
    case 'text':
      return `must be text of at most ${type.capacity} bytes in UTF-8, without NUL`;
    case 'enum':
      return `must be one of ${type.values.join(', ')}`;
    case 'struct':
      return 'must be an object';
    case 'f32':
    case 'f64': {
      const range = rangeOf(type);
      const most = type.kind === 'f32' ? ' (a 32-bit float holds up to 3.4e38)' : '';
      if (range === '') return `must be a finite number${most}`;
      return `must be a finite number ${range.startsWith('at') ? 'of ' : ''}${range}`;
    }
    default:
      return `must be a whole number from ${type.min} to ${type.max}`;
  }
}

/** The range where the schema narrows it: "from 0 to 10", "at least 0"; otherwise empty. */
export function rangeOf(type: Type): string {
  if (!('min' in type)) return '';
  const limit = limits[type.kind];
  const least = type.min > limit.min;
  const most = type.max < limit.max;
  if (least && most) return `from ${type.min} to ${type.max}`;
  if (least) return `at least ${type.min}`;
  return most ? `at most ${type.max}` : '';
}
