import { IsthmusError, type Memory, type Method } from '@isthmus/schema';

/** How a caller's input becomes a payload and a payload the caller's output. */
export interface Form {
  /** Bytes of the payload. */
  sizeOf(input: unknown): number;
  /** @throws IsthmusError `INVALID_INPUT`. */
  write(input: unknown, memory: Memory, offset: number): void;
  /** Copies what it reads. @throws IsthmusError `HANDLER_FAULT`. */
  read(memory: Memory, offset: number, size: number): unknown;
}

/** The three forms of a method: TypeScript values, JSON, and the struct's bytes. */
export interface Forms {
  readonly value: Form;
  readonly json: Form;
  readonly raw: Form;
}

export function formsOf(method: Method): Forms {
  const { inputCodec, outputCodec } = method;
  const checkReply = (size: number): void => {
    if (size === outputCodec.size) return;
    const detail = `${method.name} answered with ${size} bytes, its output has ${outputCodec.size}`;
    throw new IsthmusError('HANDLER_FAULT', { detail });
  };
  return {
    value: {
      sizeOf: () => inputCodec.size,
      // `as never`: the codec checks the value itself, whatever its type.
      write: (input, memory, offset) => inputCodec.encode(input as never, memory, offset),
      read: (memory, offset, size) => {
        checkReply(size);
        return outputCodec.decode(memory, offset);
      },
    },
    json: {
      sizeOf: () => inputCodec.size,
      write: (input, memory, offset) => inputCodec.encodeJson(input, memory, offset),
      read: (memory, offset, size) => {
        checkReply(size);
        return outputCodec.decodeJson(memory, offset);
      },
    },
    raw: {
      sizeOf: (input) => bytesOf(method, input).length,
      write: (input, memory, offset) => memory.bytes.set(bytesOf(method, input), offset),
      read: (memory, offset, size) => {
        checkReply(size);
        // Not slice(): the bytes may be a Buffer's, whose slice is a view.
        return new Uint8Array(memory.bytes.subarray(offset, offset + size));
      },
    },
  };
}

function bytesOf(method: Method, input: unknown): Uint8Array {
  const { size } = method.inputCodec;
  if (input instanceof Uint8Array && input.length === size) return input;
  const got = input instanceof Uint8Array ? `${input.length} bytes` : `a value of type ${typeof input}`;
  const message = `must be the ${size} bytes of ${method.input?.name ?? 'an empty input'}, not ${got}`;
  throw new IsthmusError('INVALID_INPUT', { detail: message, fields: [{ pointer: '', message }] });
}
