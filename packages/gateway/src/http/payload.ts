/** Between the forms that payloads take in HTTP and values. */
import { payloadCodec, refusingReply } from '@isthmus/codecs';
import { type Codec, IsthmusError, type Memory, type Payload } from '@isthmus/schema';
import type { Form } from './media-type.ts';

/** One side of a method: its input or its output. */
export class PayloadForms {
  readonly #payload: Payload | undefined;
  readonly #codecs = new Map<Form, Codec<unknown, unknown>>();

  constructor(payload: Payload | undefined) {
    this.#payload = payload;
  }

  /** What a caller sent, as the value that TypeScript works with. */
  read(form: Form, body: Uint8Array): unknown {
    return fromCaller(() => this.#codec(form).decode(memoryOf(body), 0, body.length));
  }

  /** What a caller sent, in JSON form. */
  readJson(form: Form, body: Uint8Array): unknown {
    return fromCaller(() => this.#codec(form).decodeJson(memoryOf(body), 0, body.length));
  }

  /** The bytes of a reply as the value that TypeScript works with. */
  write(form: Form, reply: unknown): Uint8Array {
    const codec = this.#codec(form);
    return refusingReply(() => written(codec, (memory) => codec.encode(reply, memory, 0)));
  }

  /** The bytes of a reply in JSON form. */
  writeJson(form: Form, reply: unknown): Uint8Array {
    const codec = this.#codec(form);
    return refusingReply(() => written(codec, (memory) => codec.encodeJson(reply, memory, 0)));
  }

  #codec(form: Form): Codec<unknown, unknown> {
    let codec = this.#codecs.get(form);
    if (codec === undefined) {
      codec = payloadCodec(form, this.#payload);
      this.#codecs.set(form, codec);
    }
    return codec;
  }
}

/** Codecs say of bytes that they read what a service's fault would be; here the bytes are the caller's. */
function fromCaller<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof IsthmusError)) throw error;
    const { detail, fields, cause } = error;
    if (error.code === 'HANDLER_FAULT') throw new IsthmusError('INVALID_INPUT', { detail, fields, cause });
    if (error.code === 'MALFORMED_MESSAGE') {
      const places = fields.length > 0 ? fields : [{ pointer: '', message: detail }];
      throw new IsthmusError('MALFORMED_BODY', { detail, fields: places, cause });
    }
    throw error;
  }
}

/** What most messages fit into that have no fixed size. */
const USUAL_BYTES = 1024;

function written(codec: Codec<unknown, unknown>, write: (memory: Memory) => number): Uint8Array {
  let memory = memoryOf(new Uint8Array(codec.isFixed ? codec.size : Math.max(codec.size, USUAL_BYTES)));
  let size = write(memory);
  if (size > memory.bytes.length) {
    memory = memoryOf(new Uint8Array(size));
    size = write(memory);
  }
  return memory.bytes.subarray(0, size);
}

export function memoryOf(bytes: Uint8Array): Memory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
