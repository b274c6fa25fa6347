/**
 * A client without instances behind it: the codecs are the real ones, the handlers are functions of the test. What it
 * stands for, @isthmus/core with a C program, is tested where packages meet.
 */
import { type Codec, IsthmusError, type Memory, type Method, type Service } from '@isthmus/schema';
import type { BridgeClient, CallOptions, ClientMethod } from '../../src/index.ts';

/** Gets and returns TypeScript values of the method's structs. */
export type Handler = (input: unknown, options: CallOptions) => unknown;

export interface FakeClient extends BridgeClient {
  /** The options of every call so far. */
  readonly calls: CallOptions[];
  /** How many instances there are; tests change it. */
  live: number;
  [method: string]: unknown;
}

export function fakeClient(schema: Service, handlers: Readonly<Record<string, Handler>>): FakeClient {
  const calls: CallOptions[] = [];
  const client: FakeClient = {
    calls,
    live: 1,
    get $instances() {
      return Array.from({ length: client.live }, () => ({ inFlight: 0 }));
    },
  };
  for (const method of schema.methods) client[method.name] = fakeMethod(client, method, handlers[method.name]);
  return client;
}

function fakeMethod(client: FakeClient, method: Method, handler: Handler | undefined): ClientMethod {
  const input: Codec<unknown> = method.inputCodec;
  const output: Codec<unknown> = method.outputCodec;

  function begin(value: unknown, encode: Codec<unknown>['encode'], options: CallOptions): unknown {
    if (client.live === 0) throw new IsthmusError('NO_INSTANCE', { detail: 'nobody listens' });
    if (handler === undefined) throw new IsthmusError('UNKNOWN_METHOD');
    client.calls.push(options);
    if (options.info !== undefined) {
      options.info.callId = BigInt(client.calls.length);
      options.info.instance = '/run/fake/0.sock';
    }
    const bytes = encoded(encode, value);
    return handler(input.decode(memoryOf(bytes), 0, bytes.length), options);
  }
  function through<Reply>(value: unknown, decode: (memory: Memory, offset: number, length: number) => Reply): Reply {
    const bytes = encoded(output.encode, value);
    return decode(memoryOf(bytes), 0, bytes.length);
  }
  function form(encode: Codec<unknown>['encode'], decode: (memory: Memory, offset: number, length: number) => unknown) {
    async function one(value: unknown, options: CallOptions = {}): Promise<unknown> {
      const reply = await Promise.race([begin(value, encode, options), aborted(options.signal)]);
      return method.replies === 'none' ? undefined : through(reply, decode);
    }
    async function* many(value: unknown, options: CallOptions = {}): AsyncGenerator<unknown, void> {
      const replies = begin(value, encode, options);
      if (typeof replies !== 'object' || replies === null || !isAsyncIterable(replies)) throw new TypeError('many');
      for await (const reply of replies) yield through(reply, decode);
    }
    return method.replies === 'many' ? many : one;
  }
  return Object.assign(form(input.encode, output.decode), {
    json: form(input.encodeJson, output.decodeJson),
    jsonText: form(input.encodeJson, output.decodeJsonText),
  });
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

function encoded(encode: Codec<unknown>['encode'], value: unknown): Uint8Array {
  const memory = memoryOf(new Uint8Array(64 * 1024));
  return memory.bytes.slice(0, encode(value, memory, 0));
}

/** Rejects when the signal aborts, as the real client does; else never settles. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new IsthmusError('CANCELLED')), { once: true });
  });
}

export function memoryOf(bytes: Uint8Array): Memory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
