/** C's types as a compiler lays them out: what stands between its debug information and the schema language. */

export type CType = CScalar | CEnum | CPointer | CArray | CStruct | CUnion;

export interface CScalar {
  readonly kind: 'bool' | 'integer' | 'float' | 'complex' | 'decimalFloat';
  /** Bytes. */
  readonly size: number;
  /** Of integers. */
  readonly signed: boolean;
  /** Whether it is plain `char`, neither `signed char` nor `unsigned char`: what C writes text with. */
  readonly isChar: boolean;
  /** Whether its struct has scalar_storage_order("big-endian"). */
  readonly bigEndian: boolean;
}

export interface CEnum {
  readonly kind: 'enum';
  readonly tag: string | undefined;
  readonly size: number;
  readonly signed: boolean;
  readonly bigEndian: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

export interface CPointer {
  readonly kind: 'pointer';
  readonly size: number;
}

export interface CArray {
  readonly kind: 'array';
  readonly element: CType;
  /** 0 for an array without a length at the end of a struct. */
  readonly length: number;
}

export interface CStruct {
  readonly kind: 'struct';
  /** As in `struct tag`. */
  readonly tag: string | undefined;
  /** The name that a typedef gives it where it was first met; for a struct without a tag. */
  readonly alias: string | undefined;
  readonly size: number;
  readonly members: readonly CMember[];
}

export interface CUnion {
  readonly kind: 'union';
  readonly tag: string | undefined;
  readonly size: number;
  readonly members: readonly CMember[];
}

export interface CMember {
  /** `undefined`: an anonymous struct or union, whose members C counts as the outer struct's own. */
  readonly name: string | undefined;
  readonly type: CType;
  /** Bits from the beginning of the struct. Big-endian bit-fields count from the most significant bit of the first byte. */
  readonly bitOffset: number;
  /** Of a bit-field: how many bits it has. */
  readonly bitSize: number | undefined;
}

/** The bytes of a value. */
export function sizeOfC(type: CType): number {
  return type.kind === 'array' ? sizeOfC(type.element) * type.length : type.size;
}

/**
 * A type in a few words, for descriptions: `i32`, `char[16]`, `struct in_addr`. Not as the compiler spells it: gcc and clang
 * spell the same type in different ways.
 */
export function describeC(type: CType): string {
  switch (type.kind) {
    case 'bool':
      return 'bool';
    case 'integer':
      if (type.isChar) return 'char';
      return `${type.signed ? 'i' : 'u'}${type.size * 8}`;
    case 'float':
      return type.size === 4 || type.size === 8 ? `f${type.size * 8}` : `a floating-point number of ${type.size} bytes`;
    case 'complex':
      return `a complex number of ${type.size} bytes`;
    case 'decimalFloat':
      return `a decimal floating-point number of ${type.size} bytes`;
    case 'pointer':
      return 'pointer';
    case 'array': {
      const lengths: number[] = [];
      let element: CType = type;
      for (; element.kind === 'array'; element = element.element) lengths.push(element.length);
      return `${describeC(element)}${lengths.map((length) => `[${length === 0 ? '' : length}]`).join('')}`;
    }
    case 'struct':
      return type.tag === undefined && type.alias !== undefined ? type.alias : `struct${tagOf(type)}`;
    default:
      return `${type.kind}${tagOf(type)}`;
  }
}

function tagOf({ tag }: { readonly tag: string | undefined }): string {
  return tag === undefined ? '' : ` ${tag}`;
}
