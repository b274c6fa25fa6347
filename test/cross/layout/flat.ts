/**
 * The flat form: a value's leaves one after the other, without any layout, so that it can be written on either side from
 * what that side knows alone. Numbers are 8 bytes, counts 4, little-endian; text and bytes of any length have their count before
 * them, optional fields a byte, unions the number of their variant.
 */
import { Buffer } from 'node:buffer';
import { decimalUnits, type Struct, type ValueType } from '@isthmus/schema';

export function flatOf(type: ValueType, value: unknown): Buffer {
  const parts: Buffer[] = [];
  put(parts, type, value);
  return Buffer.concat(parts);
}

// Values come from valuesOf(type) or from decoding, so each is what its type says.
function put(parts: Buffer[], type: ValueType, value: unknown): void {
  switch (type.kind) {
    case 'bool':
      parts.push(number(BigInt(value as boolean)));
      return;
    case 'f32':
    case 'f64': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value as number);
      parts.push(bytes);
      return;
    }
    case 'enum':
      parts.push(number(BigInt(typeof value === 'string' ? type.values.indexOf(value) : (value as number))));
      return;
    case 'flags':
      parts.push(
        number((value as string[]).reduce((bits, name) => bits | (1n << BigInt(type.values.indexOf(name))), 0n)),
      );
      return;
    case 'decimal':
      parts.push(number(decimalUnits(value, type.scale) ?? 0n));
      return;
    case 'text':
    case 'textTail':
      parts.push(count(Buffer.byteLength(value as string)), Buffer.from(value as string));
      return;
    case 'bytes':
      parts.push(Buffer.from(value as Uint8Array));
      return;
    case 'bytesTail':
      parts.push(count((value as Uint8Array).length), Buffer.from(value as Uint8Array));
      return;
    case 'list':
      parts.push(count((value as unknown[]).length));
      for (const element of value as unknown[]) put(parts, type.element, element);
      return;
    case 'array':
      for (const element of value as unknown[]) put(parts, type.element, element);
      return;
    case 'struct':
      putFields(parts, type, value);
      return;
    case 'union': {
      const variants = Object.entries(type.variants);
      const index = variants.findIndex(([name]) => name === Reflect.get(value as object, 'kind'));
      parts.push(count(index));
      const variant = variants[index];
      if (variant !== undefined) putFields(parts, variant[1], value);
      return;
    }
    default:
      parts.push(number(BigInt(value as number | bigint)));
  }
}

function putFields(parts: Buffer[], type: Struct, value: unknown): void {
  for (const field of type.layout.fields) {
    const inner: unknown = Reflect.get(value as object, field.name);
    if (field.presence !== undefined) parts.push(Buffer.from([inner === undefined ? 0 : 1]));
    if (inner !== undefined) put(parts, field.type, inner);
  }
}

function number(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

function count(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
