import {
  type Enumeration,
  type Flags,
  limits,
  MAX_MESSAGE_BYTES,
  type Struct,
  type Union,
  type ValueType,
} from '../language/types.ts';

/** The canonical lines of an enumeration. */
export function enumLines(type: Enumeration): string[] {
  return [`enum ${type.name}${type.open ? ' open' : ''}`, ...type.values.map((value, index) => `  ${index} ${value}`)];
}

/** The canonical lines of flags: each name with its bit. */
export function flagsLines(type: Flags): string[] {
  return [
    `flags ${type.name} bits ${type.bits}${type.open ? ' open' : ''}`,
    ...type.values.map((value, index) => `  ${index} ${value}`),
  ];
}

/** The canonical lines of a union: each variant's number, name and struct. */
export function unionLines(type: Union): string[] {
  const { size, align } = type.layout;
  return [
    `union ${type.name} size ${size} align ${align}`,
    ...Object.entries(type.variants).map(([name, variant], index) => `  ${index} ${name} ${variant.name}`),
  ];
}

/** The canonical lines of a struct: its size, and each field's offset, name, type and what narrows it. */
export function structLines(type: Struct): string[] {
  const { size, align, fields } = type.layout;
  return [
    `struct ${type.name} size ${size} align ${align}${type.packed ? ' packed' : ''}`,
    ...fields.map(({ name, type: fieldType, offset, presence }) => {
      const words = [offset, name, typeText(fieldType), ...narrowing(fieldType), ...defaulting(fieldType)];
      return `  ${[...words, ...(presence === undefined ? [] : ['optional'])].join(' ')}`;
    }),
  ];
}

/**
 * How a type is called in the canonical text. Built-in types begin with a lower-case letter, named types with an upper-case
 * one. An array is written as its element and `[length]`, a list as `list<element>`; what narrows an element follows it in
 * braces: `list<f64{min=0}>`, `Row[4]`. There are no spaces in it.
 */
function typeText(type: ValueType): string {
  switch (type.kind) {
    case 'text':
      return `text(${type.capacity})`;
    case 'bytes':
      return `bytes(${type.length})`;
    case 'decimal':
      return `decimal(${type.scale})`;
    case 'textTail':
      return 'text';
    case 'bytesTail':
      return 'bytes';
    case 'array':
      return `${elementText(type.element)}[${type.length}]`;
    case 'list':
      return `list<${elementText(type.element)}>`;
    case 'enum':
    case 'flags':
    case 'struct':
    case 'union':
      return type.name;
    default:
      return type.kind;
  }
}

/** A type with what narrows it, where no field's line says it. */
export function elementText(type: ValueType): string {
  const words = narrowing(type);
  return `${typeText(type)}${words.length > 0 ? `{${words.join(',')}}` : ''}`;
}

/** Byte order and bounds, where they are not the type's own. */
function narrowing(type: ValueType): string[] {
  const words: string[] = [];
  if ('bigEndian' in type && type.bigEndian) words.push('big');
  if ('min' in type) {
    const limit = limits[type.kind];
    if (type.min > limit.min) words.push(`min=${type.min}`);
    if (type.max < limit.max) words.push(`max=${type.max}`);
  } else if ('max' in type && type.max < MAX_MESSAGE_BYTES) {
    words.push(`max=${type.max}`);
  }
  return words;
}

function defaulting(type: ValueType): string[] {
  const text = defaultText(type);
  return text === undefined ? [] : [`default=${text}`];
}

/** A type's default as the canonical text writes it. */
export function defaultText(type: ValueType): string | undefined {
  const value: unknown = type.default;
  if (value === undefined) return undefined;
  if (typeof value === 'bigint' || type.kind === 'decimal') return String(value);
  // JSON.stringify drops the sign of zero, and a float has it.
  return Object.is(value, -0) && (type.kind === 'f32' || type.kind === 'f64') ? '-0' : JSON.stringify(value);
}
