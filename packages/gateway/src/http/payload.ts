/** Between a struct's JSON form and its bytes, for calls whose request and reply take different forms. */
import { type Codec, IsthmusError, type Memory } from '@isthmus/schema';

/** @throws IsthmusError `INVALID_INPUT` with every bad field. */
export function bytesOf(codec: Codec<unknown, unknown>, value: unknown): Uint8Array {
  const bytes = new Uint8Array(codec.size);
  codec.encodeJson(value, memoryOf(bytes), 0);
  return bytes;
}

/** @throws IsthmusError `HANDLER_FAULT` when the bytes are not a value of the struct. */
export function jsonOf(codec: Codec<unknown, unknown>, bytes: Uint8Array): unknown {
  if (bytes.byteLength !== codec.size) {
    throw new IsthmusError('HANDLER_FAULT', { detail: `the reply has ${bytes.byteLength} bytes, not ${codec.size}` });
  }
  return codec.decodeJson(memoryOf(bytes), 0);
}

/** @throws IsthmusError `INVALID_INPUT` unless there are exactly the struct's bytes. */
export function checkSize(codec: Codec<unknown, unknown>, bytes: Uint8Array): void {
  if (bytes.byteLength === codec.size) return;
  const message = `must have ${codec.size} bytes, not ${bytes.byteLength}`;
  throw new IsthmusError('INVALID_INPUT', { detail: `the body ${message}`, fields: [{ pointer: '', message }] });
}

function memoryOf(bytes: Uint8Array): Memory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
