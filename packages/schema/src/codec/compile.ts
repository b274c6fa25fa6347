import type { Struct } from '../language/types.ts';
import type { Codec, Memory } from './codec.ts';
import { decoderOf } from './decode-source.ts';
import { type Encode, encoderOf } from './encode-source.ts';
import { jsonTextWriterOf } from './json-text-source.ts';
import { Message, type Read } from './message.ts';
import { invalidInput } from './refuse.ts';
import { refused } from './signals.ts';
import type { Form } from './valid.ts';
import { type MakeView, viewsOf } from './view-source.ts';
import { fits, Writer, waste } from './writer.ts';

/**
 * Compiles a struct's codec: functions of straight-line code, with every offset and limit a constant. Interpreting the layout
 * field by field instead costs about ten times as much. Each function is compiled when it is first called: most programs use
 * few of them, and where a page forbids `new Function`, all but encoding and decoding still works.
 */
export function compileCodec(type: Struct): Codec<unknown> {
  return Object.freeze({
    size: type.layout.size,
    isFixed: !type.layout.hasTails,
    encode: encoding(type, 'native'),
    decode: decoding(type, 'native', () => decoderOf(type, 'native')),
    encodeJson: encoding(type, 'json'),
    decodeJson: decoding(type, 'json', () => decoderOf(type, 'json')),
    decodeJsonText: decoding(type, 'json', () => jsonTextWriterOf(type)),
    view: viewing(type),
  });
}

function encoding(type: Struct, form: Form) {
  const { size, hasTails } = type.layout;
  let compiled: Encode | undefined;
  return (value: unknown, memory: Memory, offset: number): number => {
    compiled ??= encoderOf(type, form);
    try {
      if (hasTails) {
        const writer = new Writer(memory, offset, size);
        compiled(value, writer.view, writer.bytes, writer.base, writer);
        return writer.end;
      }
      const isThere = fits(memory, offset, size);
      const { view, bytes } = isThere ? memory : waste;
      compiled(value, view, bytes, isThere ? offset : 0, undefined);
      return size;
    } catch (error) {
      throw error === refused ? invalidInput(type, value, form) : error;
    }
  };
}

function decoding<Result>(type: Struct, form: Form, compile: () => Read<Result>) {
  const { size, hasTails } = type.layout;
  let compiled: Read<Result> | undefined;
  return (memory: Memory, offset: number, length: number): Result => {
    compiled ??= compile();
    if (!hasTails && length === size && fits(memory, offset, size)) {
      try {
        return compiled(memory.view, memory.bytes, offset, undefined);
      } catch {
        // Read again below, by what can say what is wrong with it.
      }
    }
    return new Message(type, memory, offset, length).read(compiled, offset, hasTails, form);
  };
}

function viewing(type: Struct) {
  let makeView: MakeView | undefined;
  return (memory: Memory, offset: number, length: number): object => {
    makeView ??= viewsOf(type);
    return makeView(new Message(type, memory, offset, length), offset);
  };
}
