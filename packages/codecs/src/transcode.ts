import { type Codec, IsthmusError, MAX_MESSAGE_BYTES, type Memory } from '@isthmus/schema';
import { refusingReply } from './refusing-reply.ts';
import { withMessage } from './scratch.ts';
import { Budget, tooMuch, type WireFormat } from './wire-format.ts';

/**
 * The codec of a struct in another encoding. Each message passes through the struct as it lies in memory, so that whatever
 * goes out or comes in is checked, completed with defaults and ordered by the one codec that knows how; the encodings
 * themselves only know how to write what is right and to read what may be wrong.
 */
export function formattedCodec(struct: Codec<unknown, unknown>, format: WireFormat): Codec<unknown, unknown> {
  const { form } = format;

  const send = (write: (memory: Memory) => number, memory: Memory, offset: number): number => {
    const bytes = withMessage(write, refuseHuge, (from, size) => format.write(struct, from, size));
    if (offset + bytes.length <= memory.bytes.length) memory.bytes.set(bytes, offset);
    return bytes.length;
  };

  const receive = <Result>(
    memory: Memory,
    offset: number,
    length: number,
    use: (memory: Memory, size: number) => Result,
  ): Result => {
    if (!(offset >= 0 && length >= 0 && offset + length <= memory.bytes.length)) {
      throw new RangeError(`the memory ends before offset ${offset} + ${length}`);
    }
    const budget = new Budget(length);
    const value = format.read(memory.bytes.subarray(offset, offset + length), budget);
    const write =
      form === 'native'
        ? (to: Memory) => refusingReply(() => struct.encode(value, to, 0))
        : (to: Memory) => refusingReply(() => struct.encodeJson(value, to, 0));
    const refuse = (size: number) => {
      if (size > budget.bytes) throw tooMuch(budget.bytes);
    };
    return withMessage(write, refuse, use);
  };

  const decode: Codec<unknown>['decode'] = (memory, offset, length) =>
    receive(memory, offset, length, (from, size) => struct.decode(from, 0, size));

  return Object.freeze({
    size: 0,
    isFixed: false,
    encode: (value, memory, offset) => send((to) => struct.encode(value, to, 0), memory, offset),
    encodeJson: (value, memory, offset) => send((to) => struct.encodeJson(value, to, 0), memory, offset),
    decode,
    decodeJson: (memory, offset, length) =>
      receive(memory, offset, length, (from, size) => struct.decodeJson(from, 0, size)),
    decodeJsonText: (memory, offset, length) =>
      receive(memory, offset, length, (from, size) => struct.decodeJsonText(from, 0, size)),
    view: decode,
  } satisfies Codec<unknown>);
}

function refuseHuge(size: number): void {
  if (size <= MAX_MESSAGE_BYTES) return;
  const message = `takes ${size} bytes as a struct, and ${MAX_MESSAGE_BYTES} is the most`;
  throw new IsthmusError('INVALID_INPUT', { detail: `the value ${message}`, fields: [{ pointer: '', message }] });
}
