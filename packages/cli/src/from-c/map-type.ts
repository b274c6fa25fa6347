/** Which type of the schema language a C type becomes. docs/cli.md has the same as a table. */
import {
  array,
  bool,
  bytes,
  f32,
  f64,
  field,
  i8,
  i16,
  i32,
  i64,
  type Struct,
  text,
  u8,
  u16,
  u32,
  u64,
  type ValueType,
} from '@isthmus/schema';
import { type CEnum, type CStruct, type CType, type CUnion, describeC } from './c-types.ts';

/** More values of an enumeration than this are not listed. */
const MAX_LISTED_VALUES = 40;

interface Options {
  readonly description?: string;
}

/**
 * The schema type that has the size of `type` and means the same, as far as the language can say it; else its bytes.
 *
 * @param structOf The schema's struct for one of C.
 */
export function mapType(
  type: CType,
  structOf: (struct: CStruct) => Struct,
  description: string | undefined,
): ValueType {
  const options: Options = description === undefined ? {} : { description };
  switch (type.kind) {
    case 'bool':
      return type.size === 1 ? bool(options) : bytes(type.size, options);
    case 'integer':
    case 'enum':
      return integerOf(type, options) ?? bytes(type.size, options);
    case 'pointer':
      return integerOf({ ...type, signed: false, bigEndian: false }, options) ?? bytes(type.size, options);
    case 'float': {
      const float = { 4: f32, 8: f64 }[type.size];
      return float === undefined ? bytes(type.size, options) : float({ ...endianOf(type), ...options });
    }
    case 'struct': {
      const struct = structOf(type);
      return description === undefined ? struct : field(struct, { description });
    }
    case 'array': {
      const { element, length } = type;
      const isByte = element.kind === 'integer' && element.size === 1;
      // text() always has room for the NUL at its end.
      if (isByte && element.isChar && length > 1) return text(length - 1, options);
      if (isByte) return bytes(length, options);
      return array(mapType(element, structOf, undefined), length, options);
    }
    default:
      return bytes(type.size, options);
  }
}

/** An unsigned number of so many bytes, or as many bytes; for the storage of bit-fields. */
export function mapStorage(size: number, isNumber: boolean, bigEndian: boolean, description: string): ValueType {
  const number = isNumber ? integerOf({ size, signed: false, bigEndian }, { description }) : undefined;
  return number ?? bytes(size, { description });
}

/** What the schema type does not say of the C type, in words that can follow "In C". */
export function remarkOn(type: CType): string | undefined {
  switch (type.kind) {
    case 'array':
      return remarkOn(type.element);
    case 'pointer':
      return 'a pointer: an address in the memory of the C program';
    case 'enum':
      return describeEnum(type);
    case 'union':
      return describeUnion(type);
    case 'integer':
      return type.size > 8 ? `an integer of ${type.size} bytes` : undefined;
    case 'bool':
      return type.size > 1 ? `a bool of ${type.size} bytes` : undefined;
    case 'float':
      return type.size > 8 || type.size < 4 ? describeC(type) : undefined;
    case 'struct':
      return undefined;
    default:
      return describeC(type);
  }
}

interface IntegerShape {
  readonly size: number;
  readonly signed: boolean;
  readonly bigEndian: boolean;
}

function integerOf(shape: IntegerShape, options: Options): ValueType | undefined {
  const { size, signed } = shape;
  const all = { ...endianOf(shape), ...options };
  switch (size) {
    case 1:
      return signed ? i8(options) : u8(options);
    case 2:
      return signed ? i16(all) : u16(all);
    case 4:
      return signed ? i32(all) : u32(all);
    case 8:
      return signed ? i64(all) : u64(all);
    default:
      return undefined;
  }
}

function endianOf({ bigEndian }: { readonly bigEndian: boolean }): { readonly endian?: 'big' } {
  return bigEndian ? { endian: 'big' } : {};
}

function describeEnum(type: CEnum): string {
  const listed = type.values.slice(0, MAX_LISTED_VALUES).map(({ name, value }) => `${name} = ${value}`);
  const more = type.values.length - listed.length;
  return `${describeC(type)}: ${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Says which member reads the bytes how, because only the C program knows which one is meant. */
function describeUnion({ members }: CUnion): string {
  const parts = members.map(({ name, type, bitSize }) => {
    const what = bitSize === undefined ? describeC(type) : `a bit-field of ${bitSize} bits`;
    return name === undefined ? what : `${name} (${what})`;
  });
  return `a union: ${parts.join(', ')}`;
}
