import type { Struct } from '@isthmus/schema';
import { malformed, type WireFormat } from '../wire-format.ts';
import { fromMessage } from './from-message.ts';
import { messageOf } from './messages.ts';
import { protobufType } from './runtime.ts';
import { toMessage } from './to-message.ts';

/**
 * Protocol Buffers, version 3, by protobufjs: fields in any order, fields that are not known left out, messages that come in
 * parts put together, as the specification asks.
 */
export function protobufFormat(type: Struct): WireFormat {
  const message = protobufType(messageOf(type));
  const to = toMessage(type);
  const from = fromMessage(type);
  return Object.freeze({
    form: 'native',
    write: (struct, memory, size) => message.encode(to(struct.decode(memory, 0, size))).finish(),
    read: (bytes, budget) => {
      let decoded: unknown;
      try {
        decoded = message.decode(bytes);
      } catch (cause) {
        throw malformed(
          `this is no protobuf message: ${cause instanceof Error ? cause.message : String(cause)}`,
          cause,
        );
      }
      return from(decoded, budget);
    },
  } satisfies WireFormat);
}
