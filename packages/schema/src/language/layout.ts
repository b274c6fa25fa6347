import {
  type Fields,
  hasTails,
  type Layout,
  type PlacedField,
  SPAN_BYTES,
  type UnionLayout,
  type ValueType,
  type Variants,
} from './types.ts';

/** The bytes of a value in the fixed part. A C enum takes 4, as the generated header asserts. */
export function sizeOf(type: ValueType): number {
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
    case 'timestamp':
    case 'duration':
    case 'decimal':
      return 8;
    case 'flags':
      return type.bits / 8;
    case 'text':
      return type.capacity + 1;
    case 'bytes':
      return type.length;
    case 'array':
      return sizeOf(type.element) * type.length;
    case 'textTail':
    case 'bytesTail':
    case 'list':
      return SPAN_BYTES;
    case 'struct':
    case 'union':
      return type.layout.size;
  }
}

/** The bytes that a value's address must be a multiple of. */
export function alignOf(type: ValueType): number {
  switch (type.kind) {
    case 'text':
    case 'bytes':
      return 1;
    case 'array':
      return alignOf(type.element);
    case 'textTail':
    case 'bytesTail':
    case 'list':
      return SPAN_BYTES / 2;
    case 'struct':
    case 'union':
      return type.layout.align;
    default:
      return sizeOf(type);
  }
}

/** Bytes of a word of presence bits, and of the number of a union's variant. */
const WORD_BYTES = 4;
const BITS_PER_WORD = 32;

/**
 * Places fields by natural C alignment: each at the next multiple of its own alignment, in the order of declaration, and
 * the whole rounded up to the strictest alignment, so that an array of the struct keeps every element aligned. Packed:
 * without any gap. `align` raises the alignment of the whole.
 *
 * A word of presence bits comes before the first of every 32 optional fields, so that a field which is appended moves nothing.
 */
export function layoutOf(fields: Fields, packed: boolean, align: number): Layout {
  const placed: PlacedField[] = [];
  const presence: number[] = [];
  let end = 0;
  let strictest = align;
  let optionals = 0;

  const place = (size: number, alignment: number): number => {
    const offset = packed ? end : roundUp(end, alignment);
    if (!packed) strictest = Math.max(strictest, alignment);
    end = offset + size;
    return offset;
  };

  for (const [name, declared] of Object.entries(fields)) {
    const type = declared.kind === 'optional' ? declared.type : declared;
    let present: PlacedField['presence'];
    if (declared.kind === 'optional') {
      const bit = optionals++ % BITS_PER_WORD;
      if (bit === 0) presence.push(place(WORD_BYTES, WORD_BYTES));
      const word = presence.length - 1;
      present = Object.freeze({ offset: presence[word] ?? 0, word, bit });
    }
    const size = sizeOf(type);
    placed.push(Object.freeze({ name, type, offset: place(size, alignOf(type)), size, presence: present }));
  }
  return Object.freeze({
    size: roundUp(end, strictest),
    align: strictest,
    fields: Object.freeze(placed),
    presence: Object.freeze(presence),
    hasTails: placed.some(({ type }) => hasTails(type)),
    depth: 1 + greatest(placed.map(({ type }) => depthOf(type))),
  });
}

/** As C lays out a struct of the variant's number and a union of all variants. */
export function unionLayoutOf(variants: Variants): UnionLayout {
  const layouts = Object.values(variants).map(({ layout }) => layout);
  const strictest = Math.max(1, greatest(layouts.map(({ align }) => align)));
  const align = Math.max(WORD_BYTES, strictest);
  const offset = roundUp(WORD_BYTES, strictest);
  const largest = greatest(layouts.map(({ size }) => size));
  return Object.freeze({
    // The C union itself is rounded up to its own alignment first.
    size: roundUp(offset + roundUp(largest, strictest), align),
    align,
    offset,
    hasTails: layouts.some((layout) => layout.hasTails),
    depth: 1 + greatest(layouts.map(({ depth }) => depth)),
  });
}

/** How many structs, unions and lists are inside of each other. */
export function depthOf(type: ValueType): number {
  switch (type.kind) {
    case 'struct':
    case 'union':
      return type.layout.depth;
    case 'array':
    case 'list':
      return 1 + depthOf(type.element);
    default:
      return 0;
  }
}

/** Of counts; 0 without any. Not `Math.max(...counts)`: there may be more of them than a call takes arguments. */
function greatest(counts: readonly number[]): number {
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
