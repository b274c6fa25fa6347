import { base64Bytes, writeBase64 } from './base64.ts';

/** Bytes that a caller gives. What they say of themselves is not asked: subclasses can say anything. */

const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
const tagOf = getterOf(Symbol.toStringTag);
const lengthOf = getterOf('length');

/** What a property of every typed array really is. */
function getterOf(key: string | symbol): (this: unknown) => unknown {
  const getter = Object.getOwnPropertyDescriptor(typedArray, key)?.get;
  if (getter === undefined) throw new TypeError(`typed arrays have no ${String(key)} here`);
  return getter;
}

/** Whether it is a Uint8Array, of whatever realm: those of a test runner's sandbox are not instances of ours. */
export function isBytes(value: unknown): value is Uint8Array {
  return tagOf.call(value) === 'Uint8Array';
}

export function countOf(value: Uint8Array): number {
  return Number(lengthOf.call(value));
}

/** From here on, copying as a whole is faster than a loop. */
const FEW = 24;

/** Copies `count` bytes, as many as `value` has, to `offset`. */
export function copyBytes(bytes: Uint8Array, offset: number, value: Uint8Array, count: number): void {
  if (count > FEW) bytes.set(value, offset);
  else for (let index = 0; index < count; index++) bytes[offset + index] = value[index] ?? 0;
}

/** Writes a field of `length` bytes; false if `value` is not as many. */
export function writeBytes(bytes: Uint8Array, offset: number, length: number, value: unknown): boolean {
  if (!isBytes(value) || countOf(value) !== length) return false;
  copyBytes(bytes, offset, value, length);
  return true;
}

/** The same from base64. */
export function writeBase64Field(bytes: Uint8Array, offset: number, length: number, value: unknown): boolean {
  return typeof value === 'string' && base64Bytes(value) === length && writeBase64(bytes, offset, value);
}

/** A copy, and never a Buffer: `slice` of a Buffer would be neither. */
export function readBytes(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  // Its memory is not set to zeros first.
  if (to - from > FEW) return new Uint8Array(bytes.subarray(from, to));
  const copy = new Uint8Array(to - from);
  for (let at = from; at < to; at++) copy[at - from] = bytes[at] ?? 0;
  return copy;
}
