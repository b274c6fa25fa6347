import type { Fields, Layout, PlacedField, Type } from './types.ts';

/** The bytes of a value in memory. A C enum takes 4, as the generated header asserts. */
export function sizeOf(type: Type): number {
  switch (type.kind) {
    case 'bool':
    case 'i8':
    case 'u8':
      return 1;
    case 'i16':
    case 'u16':
      return 2;
    case 'i32':
    case 'u32':
    case 'f32':
    case 'enum':
      return 4;
    case 'i64':
    case 'u64':
    case 'f64':
      return 8;
    case 'text':
      return type.capacity + 1;
    case 'struct':
      return type.layout.size;
  }
}

/** The bytes that a value's address must be a multiple of. */
export function alignOf(type: Type): number {
  switch (type.kind) {
    case 'text':
      return 1;
    case 'struct':
      return type.layout.align;
    default:
      return sizeOf(type);
  }
}

/**
 * Places fields by natural C alignment: each at the next multiple of its own alignment, in the order of declaration, and
 * the whole rounded up to the strictest alignment, so that an array of the struct keeps every element aligned.
 */
export function layoutOf(fields: Fields): Layout {
  const placed: PlacedField[] = [];
  let end = 0;
  let align = 1;
  for (const [name, type] of Object.entries(fields)) {
    const size = sizeOf(type);
    const offset = roundUp(end, alignOf(type));
    placed.push(Object.freeze({ name, type, offset, size }));
    align = Math.max(align, alignOf(type));
    end = offset + size;
  }
  return Object.freeze({ size: roundUp(end, align), align, fields: Object.freeze(placed) });
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
