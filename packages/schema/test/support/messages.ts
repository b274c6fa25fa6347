import type { Codec } from '../../src/index.ts';
import { memoryOf, memoryWith } from './memory.ts';

type AnyCodec = Codec<unknown, never>;

/** The message of a value, in exactly as many bytes as the codec says that it takes. */
export function messageOf(codec: AnyCodec, value: unknown, form: 'encode' | 'encodeJson' = 'encode'): Uint8Array {
  // Whether the value fits is for the codec to say.
  const size = codec[form](value as never, memoryOf(codec.size), 0);
  const memory = memoryOf(size);
  const again = codec[form](value as never, memory, 0);
  if (again !== size) throw new Error(`the message takes ${size} bytes, and then ${again}`);
  return memory.bytes;
}

/** The value of a message, in one of the forms. */
export function valueIn(
  codec: AnyCodec,
  message: Uint8Array,
  form: 'decode' | 'decodeJson' | 'decodeJsonText' | 'view' = 'decode',
): unknown {
  return codec[form](memoryWith(message), 0, message.length);
}
