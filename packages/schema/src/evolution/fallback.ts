import { codecOf } from '../codec/codec.ts';
import { struct } from '../language/struct.ts';
import type { Struct, ValueType } from '../language/types.ts';
import { messageOf } from './scratch.ts';
import { type Form, memberOf } from './values.ts';

/**
 * What a field with a default has where it is left out, as decoding gives it. Made anew each time, since callers may change
 * what they get.
 */
export function fallbackOf(type: ValueType, form: Form): () => unknown {
  // The codec of a struct with just this field knows how a default is rounded, ordered and written.
  const only: Struct = struct('Only', { value: type });
  const codec = codecOf(only);
  const { memory, length } = messageOf(codec, (room) => codec.encode({}, room, 0));
  if (form === 'json') return () => memberOf(codec.decodeJson(memory, 0, length), 'value');
  return () => memberOf(codec.decode(memory, 0, length), 'value');
}
