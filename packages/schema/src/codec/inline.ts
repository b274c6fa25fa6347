import type { Struct, ValueType } from '../language/types.ts';

/** A struct of up to this many leaves is compiled into what uses it; for larger ones the cost of a call does not count. */
const SMALL = 8;

export function isSmall(type: Struct): boolean {
  return leavesOf(type) <= SMALL;
}

/** Counted up to one more than what is small. */
function leavesOf(type: ValueType): number {
  switch (type.kind) {
    case 'struct': {
      let count = 0;
      for (const field of type.layout.fields) {
        count += leavesOf(field.type);
        if (count > SMALL) break;
      }
      return count;
    }
    case 'array':
    case 'list':
      return 1 + leavesOf(type.element);
    default:
      return 1;
  }
}
