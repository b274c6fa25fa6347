import { layoutOf } from './layout.ts';
import { fieldNameProblems, typeNameProblems } from './names.ts';
import { optionProblems } from './options.ts';
import { type Fields, MAX_DEPTH, MAX_STRUCT_BYTES, type Struct, type Type } from './types.ts';
import { isType, notAType, problemsAt } from './values.ts';

export interface StructOptions {
  readonly description?: string;
  /** Fields follow each other without gaps, as with `__attribute__((packed))`: for memory that exists already. Default: false. */
  readonly packed?: boolean;
  /**
   * The whole begins at, and is rounded up to, a multiple of this many bytes, a power of two up to 4,096, as with
   * `__attribute__((aligned(n)))`. Default: what the fields need.
   */
  readonly align?: number;
}

/** The strictest alignment that compilers promise to keep for any object: a page. */
const MAX_ALIGN = 4096;

/**
 * A group of fields, laid out in memory as C lays out the struct that the generated header declares.
 *
 * What is wrong with it is reported by `service`, with all else that is.
 *
 * @param name In PascalCase; the C name is snake_case with the service as prefix.
 * @param fields At least one; names in camelCase. The order is the order in memory.
 */
export function struct<F extends Fields>(name: string, fields: F, options: StructOptions = {}): Struct<F> {
  const place = `struct ${String(name)}`;
  const found = [...typeNameProblems(name), ...optionProblems(options, ['description', 'packed', 'align'])].map(
    (problem) => `${place}: ${problem}`,
  );
  const { description, packed = false, align = 1 } = options ?? {};
  if (typeof packed !== 'boolean') found.push(`${place}: packed must be true or false`);
  const isAlign = Number.isInteger(align) && align >= 1 && align <= MAX_ALIGN && (align & (align - 1)) === 0;
  if (!isAlign) found.push(`${place}: align must be a power of two from 1 to ${MAX_ALIGN}`);

  // In plain JavaScript it may be anything.
  const given: unknown = fields;
  const entries: [string, unknown][] = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  if (entries.length === 0) found.push(`${place}: it needs at least one field`);
  const sound: [string, Type][] = [];
  for (const [key, type] of entries) {
    const fieldPlace = `${place}, field ${key}`;
    found.push(...fieldNameProblems(key).map((problem) => `${fieldPlace}: ${problem}`));
    if (!isType(type)) {
      found.push(`${fieldPlace}: ${notAType(type)}`);
      continue;
    }
    found.push(...problemsAt(fieldPlace, type));
    sound.push([key, type]);
  }
  const soundFields: Fields = Object.fromEntries(sound);
  const layout = layoutOf(soundFields, packed === true, isAlign ? align : 1);
  // A field that is too large has said so.
  const isRoom = layout.fields.every(({ size }) => size <= MAX_STRUCT_BYTES);
  if (isRoom && layout.size > MAX_STRUCT_BYTES) {
    found.push(`${place}: it takes ${layout.size} bytes, and ${MAX_STRUCT_BYTES} is the most`);
  }
  if (layout.depth === MAX_DEPTH + 1) found.push(`${place}: more than ${MAX_DEPTH} types are inside of each other`);
  return Object.freeze({
    kind: 'struct',
    name: String(name),
    // All of F's entries, or some and a problem that is reported.
    fields: Object.freeze(soundFields) as F,
    packed: packed === true,
    description,
    fieldDescription: undefined,
    fieldProblems: Object.freeze([]),
    default: undefined,
    layout,
    // What several fields are made of is there once.
    problems: Object.freeze([...new Set(found)]),
  });
}
