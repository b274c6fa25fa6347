import { IsthmusError } from '../errors.ts';
import type { BytesTail } from '../language/types.ts';
import { base64Bytes, readBase64, writeBase64 } from './base64.ts';
import { copyBytes, countOf, isBytes, readBytes } from './bytes.ts';
import type { Codec, Memory } from './codec.ts';
import { sizeFault } from './explain.ts';
import { invalidInput } from './refuse.ts';
import { fits } from './writer.ts';

/** The codec of a payload without any form: the bytes themselves, which in JSON are base64. */
export function rawCodec(type: BytesTail): Codec<Uint8Array> {
  const requireMessage = (memory: Memory, offset: number, length: number): void => {
    if (!(length >= 0) || !fits(memory, offset, length)) {
      throw new RangeError(`${length} bytes at offset ${offset} are not in memory of ${memory.bytes.length} bytes`);
    }
    if (length <= type.max) return;
    const message = `has ${length} bytes, and ${type.max} is the most`;
    throw new IsthmusError('HANDLER_FAULT', { detail: `the message ${message}`, fields: [{ pointer: '', message }] });
  };
  const decodeJson = (memory: Memory, offset: number, length: number): string => {
    requireMessage(memory, offset, length);
    try {
      return readBase64(memory.bytes, offset, offset + length);
    } catch (error) {
      throw sizeFault(error);
    }
  };
  return Object.freeze({
    size: 0,
    isFixed: false,
    encode(value: unknown, memory: Memory, offset: number): number {
      const count = isBytes(value) ? countOf(value) : -1;
      if (!isBytes(value) || count > type.max) throw invalidInput(type, value, 'native');
      if (fits(memory, offset, count)) copyBytes(memory.bytes, offset, value, count);
      return count;
    },
    decode(memory: Memory, offset: number, length: number): Uint8Array {
      requireMessage(memory, offset, length);
      return readBytes(memory.bytes, offset, offset + length);
    },
    encodeJson(value: unknown, memory: Memory, offset: number): number {
      const count = typeof value === 'string' ? base64Bytes(value) : -1;
      const bytes = fits(memory, offset, count) ? memory.bytes : undefined;
      if (typeof value !== 'string' || count < 0 || count > type.max || !writeBase64(bytes, offset, value)) {
        throw invalidInput(type, value, 'json');
      }
      return count;
    },
    decodeJson,
    decodeJsonText: (memory: Memory, offset: number, length: number) => `"${decodeJson(memory, offset, length)}"`,
    view(memory: Memory, offset: number, length: number): Uint8Array {
      requireMessage(memory, offset, length);
      return new Uint8Array(memory.bytes.buffer, memory.bytes.byteOffset + offset, length);
    },
  });
}
