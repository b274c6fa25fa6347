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
    case 'f64':
      return `must be a finite number${range(type, limits[type.kind])}`;
    default:
      return `must be a whole number from ${type.min} to ${type.max}`;
  }
}

interface Range {
  readonly min: number;
  readonly max: number;
}

function range(type: Range, limit: Range): string {
  const least = type.min > limit.min ? ` of at least ${type.min}` : '';
  const most = type.max < limit.max ? ` of at most ${type.max}` : '';
  return least !== '' && most !== '' ? ` from ${type.min} to ${type.max}` : `${least}${most}`;
}
