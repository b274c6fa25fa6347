/** One call for each thing a codec does, over memory of its own. */
import { type Codec, type Memory, struct, text } from '@isthmus/schema';
import { memoryWith } from '../../../schema/test/support/memory.ts';
import { payloadCodec } from '../../src/index.ts';

/** The bytes that `write` writes, beginning at an offset that is not 0, into memory that first is too small. */
export function bytesOf(write: (memory: Memory, offset: number) => number): Uint8Array {
  const offset = 3;
  const size = write(memoryWith(new Uint8Array(offset)), offset);
  const memory = memoryWith(new Uint8Array(offset + size + 5).fill(0xaa));
  if (write(memory, offset) !== size) throw new Error('a message has two sizes');
  if (!memory.bytes.subarray(offset + size).every((byte) => byte === 0xaa)) throw new Error('it wrote too much');
  return memory.bytes.slice(offset, offset + size);
}

export function encoded(codec: Codec<unknown>, value: unknown): Uint8Array {
  return bytesOf((memory, offset) => codec.encode(value, memory, offset));
}

export function jsonEncoded(codec: Codec<unknown>, value: unknown): Uint8Array {
  return bytesOf((memory, offset) => codec.encodeJson(value, memory, offset));
}

/** Everything that can be read from a message. It lies within other bytes, which are changed afterwards. */
export function decoded(
  codec: Codec<unknown>,
  message: Uint8Array,
): { value: unknown; view: unknown; json: unknown; text: string } {
  const memory = memoryWith(new Uint8Array([0xc1, 0xc1, ...message, 0xc1, 0xc1, 0xc1]));
  const { length } = message;
  const result = {
    value: codec.decode(memory, 2, length),
    view: codec.view(memory, 2, length),
    json: codec.decodeJson(memory, 2, length),
    text: codec.decodeJsonText(memory, 2, length),
  };
  // Nothing of it may refer to the message, nor to memory that the codecs use again.
  memory.bytes.fill(0x55);
  filler.decode(memoryWith(fillerMessage), 0, fillerMessage.length);
  return result;
}

const filler = payloadCodec('json', struct('Filler', { text: text() }));
const fillerMessage = encoded(filler, { text: 'z'.repeat(8000) });
