import { payloadCodec } from '@isthmus/codecs';
import { replyCounts } from '@isthmus/native';
import { type Codec, IsthmusError, type Memory, type Method } from '@isthmus/schema';
import { memoryOf } from './memory.ts';

/** What a method's caller gives and gets: TypeScript values, JSON in two shapes, or bytes as they are on their way. */
export type FormName = 'value' | 'view' | 'borrow' | 'json' | 'jsonText' | 'raw';

/** A method in one form, as one version of the schema numbers it and lays it out. */
export interface Form {
  readonly name: FormName;
  /** Of the caller's own schema. */
  readonly method: Method;
  /** The method's number on the wire. */
  readonly id: number;
  /** How many replies there are, as the C library numbers it. */
  readonly replies: number;
  /** Whether both sides say so. */
  readonly idempotent: boolean;
  /** False: `write` refuses every input. */
  readonly possible: boolean;
  /** The least bytes of a request. */
  readonly least: number;
  /** Whether an input that `write` takes, if it is a Uint8Array, is the request as it stands. */
  readonly takesBytes: boolean;
  /**
   * Writes a request, unless the memory ends before `offset` plus what it takes.
   *
   * @returns What it takes, in bytes.
   * @throws IsthmusError `INVALID_INPUT`.
   */
  write(input: unknown, memory: Memory, offset: number): number;
  /** Copies what it reads, unless it is borrowed. @throws IsthmusError `HANDLER_FAULT`, `MALFORMED_MESSAGE`. */
  read(memory: Memory, offset: number, size: number): unknown;
  /** Of a borrowed reply: takes it while it is there. What this returns is what the call resolves with. */
  readonly use: ((reply: unknown) => unknown) | undefined;
}

export type Forms = Readonly<Record<FormName, Form>>;

/** A method as one version of the schema has it: its number, and how its payloads are written and read. */
export interface WireMethod {
  readonly id: number;
  readonly inputCodec: Codec<unknown, unknown>;
  readonly outputCodec: Codec<unknown, unknown>;
  readonly idempotent: boolean;
  /** Whether its messages are the bytes that our own version has. */
  readonly isSameLayout: boolean;
}

type Codecs = Pick<Form, 'possible' | 'least' | 'takesBytes' | 'write' | 'read'>;

/** The forms of a method; of another version of the schema if `peer` is given. */
export function formsOf(method: Method, peer?: WireMethod): Forms {
  const wire = peer ?? ownWire(method);
  const { id, idempotent, inputCodec: input, outputCodec: output } = wire;
  const form = (name: FormName, codecs: Codecs): Form => ({
    name,
    method,
    id,
    replies: replyCounts[method.replies],
    idempotent,
    use: undefined,
    ...codecs,
  });
  const usual = { possible: true, least: input.size, takesBytes: method.input?.kind === 'bytesTail' };
  const encode: Form['write'] = (value, memory, offset) => input.encode(value, memory, offset);
  const encodeJson: Form['write'] = (value, memory, offset) => input.encodeJson(value, memory, offset);
  return {
    value: form('value', {
      ...usual,
      write: encode,
      read: (memory, offset, size) => output.decode(memory, offset, size),
    }),
    view: form('view', {
      ...usual,
      write: encode,
      read: (memory, offset, size) => output.view(memoryOf(copyOf(memory, offset, size).buffer), 0, size),
    }),
    borrow: form('borrow', {
      ...usual,
      write: encode,
      read: (memory, offset, size) => output.view(memory, offset, size),
    }),
    json: form('json', {
      ...usual,
      write: encodeJson,
      read: (memory, offset, size) => output.decodeJson(memory, offset, size),
    }),
    jsonText: form('jsonText', {
      ...usual,
      write: encodeJson,
      read: (memory, offset, size) => output.decodeJsonText(memory, offset, size),
    }),
    raw: form('raw', wire.isSameLayout ? rawOf(method, wire) : refusedRaw(method)),
  };
}

function ownWire({ id, idempotent, codec, input, output }: Method): WireMethod {
  return {
    id,
    idempotent,
    inputCodec: payloadCodec(codec, input),
    outputCodec: payloadCodec(codec, output),
    isSameLayout: true,
  };
}

function rawOf(method: Method, { inputCodec, outputCodec }: WireMethod): Codecs {
  return {
    possible: true,
    least: inputCodec.size,
    takesBytes: true,
    write: (input, memory, offset) => {
      const bytes = requestBytes(method, inputCodec, input);
      if (offset + bytes.length <= memory.bytes.length) memory.bytes.set(bytes, offset);
      return bytes.length;
    },
    read: (memory, offset, size) => {
      if (outputCodec.isFixed ? size === outputCodec.size : size >= outputCodec.size)
        return copyOf(memory, offset, size);
      throw new IsthmusError('MALFORMED_MESSAGE', {
        detail: `${method.name} answered with ${size} bytes, its output has ${outputCodec.size}`,
      });
    },
  };
}

/** Bytes are of one layout, and this instance has another. */
function refusedRaw(method: Method): Codecs {
  const refuse = (): never => {
    throw new IsthmusError('SCHEMA_MISMATCH', {
      detail: `the bytes of ${method.name} are laid out as this client's schema says, and the instance has another version of it: use the other forms, which are converted`,
    });
  };
  return { possible: false, least: 0, takesBytes: false, write: refuse, read: refuse };
}

function copyOf(memory: Memory, offset: number, size: number): Uint8Array<ArrayBuffer> {
  // Not slice(): the bytes may be a Buffer's, whose slice is a view.
  return new Uint8Array(memory.bytes.subarray(offset, offset + size));
}

function requestBytes(method: Method, { isFixed, size }: Codec<unknown, unknown>, input: unknown): Uint8Array {
  if (input instanceof Uint8Array && (isFixed ? input.length === size : input.length >= size)) return input;
  const got = input instanceof Uint8Array ? `${input.length} bytes` : `a value of type ${typeof input}`;
  const wanted = isFixed ? `the ${size} bytes` : `at least ${size} bytes`;
  const { input: type } = method;
  const name = type === undefined ? 'an empty input' : type.kind === 'struct' ? type.name : 'input';
  const message = `must be ${wanted} of ${name}, not ${got}`;
  throw new IsthmusError('INVALID_INPUT', { detail: message, fields: [{ pointer: '', message }] });
}
