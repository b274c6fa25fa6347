/** Says in the schema language's words where C has placed fields: natural alignment, packed, align, and padding. */
import { alignOf, bytes, type ValueType } from '@isthmus/schema';
import type { UniqueNames } from './names.ts';

export interface Field {
  readonly name: string;
  readonly type: ValueType;
  /** Bytes from the beginning of the struct, and of the value. */
  readonly offset: number;
  readonly size: number;
}

export interface Placement {
  /** Those given, and padding wherever the language's own rules leave too little. */
  readonly fields: readonly Field[];
  readonly packed: boolean;
  /** `undefined`: what the fields need. */
  readonly align: number | undefined;
}

/** `size` and `align` are those of the struct in C; padding gets names from `names`. */
export function placeFields(
  fields: readonly Field[],
  { size, align }: { readonly size: number; readonly align: number },
  names: UniqueNames,
): Placement {
  const natural = Math.max(1, ...fields.map(({ type }) => alignOf(type)));
  const packed = natural > align || fields.some(({ type, offset }) => offset % alignOf(type) !== 0);
  const placed: Field[] = [];
  let end = 0;
  let paddings = 0;
  const padTo = (offset: number): void => {
    paddings += 1;
    const type = bytes(offset - end, { description: 'Padding.' });
    placed.push({ name: names.take(`reserved${paddings}`), type, offset: end, size: offset - end });
    end = offset;
  };
  for (const field of fields) {
    const next = packed ? end : roundUp(end, alignOf(field.type));
    if (field.offset > next) padTo(field.offset);
    placed.push(field);
    end = field.offset + field.size;
  }
  if (roundUp(end, align) < size) padTo(size);
  return { fields: placed, packed, align: align > (packed ? 1 : natural) ? align : undefined };
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
