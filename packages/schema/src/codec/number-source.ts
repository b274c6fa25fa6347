import { sizeOf } from '../language/layout.ts';
import type { Enumeration, Scalar } from '../language/types.ts';
import { addressOf, type Place } from './source.ts';

/** A type that DataView reads and writes. */
export type NumberType = Scalar | Enumeration;

/** The expression that reads a number. */
export function getSource(type: NumberType, place: Place): string {
  return `${place.view}.get${accessorOf(type)}(${addressOf(place)}${byteOrder(type)})`;
}

/** The statement that writes one. */
export function setSource(type: NumberType, place: Place, value: string): string {
  return `${place.view}.set${accessorOf(type)}(${addressOf(place)}, ${value}${byteOrder(type)});`;
}

/** DataView's argument for little-endian, where there is one. */
function byteOrder(type: NumberType): string {
  return sizeOf(type) === 1 ? '' : `, ${isLittleEndian(type)}`;
}

export function isLittleEndian(type: NumberType): boolean {
  return !('bigEndian' in type && type.bigEndian);
}

/** What DataView calls a number of this type: the end of its method's name. */
function accessorOf(type: NumberType): string {
  switch (type.kind) {
    case 'f32':
      return 'Float32';
    case 'f64':
      return 'Float64';
    case 'u64':
      return 'BigUint64';
    case 'i64':
    case 'timestamp':
    case 'duration':
    case 'decimal':
      return 'BigInt64';
    case 'bool':
      return 'Uint8';
    case 'enum':
      return 'Uint32';
    default:
      return `${type.kind.startsWith('i') ? 'Int' : 'Uint'}${type.kind.slice(1)}`;
  }
}
