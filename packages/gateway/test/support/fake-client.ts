/**
 * A client without instances behind it: the codecs are the real ones, the handlers are functions of the test. What it
 * stands for, @isthmus/core with a C program, is tested where packages meet.
 */
import { type Codec, IsthmusError, type Method, type Service } from '@isthmus/schema';
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
  const inputCodec: Codec<unknown> = method.inputCodec;
  const outputCodec: Codec<unknown> = method.outputCodec;
  async function run(input: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    if (client.live === 0) throw new IsthmusError('NO_INSTANCE', { detail: 'nobody listens' });
    if (handler === undefined) throw new IsthmusError('UNKNOWN_METHOD');
    client.calls.push(options);
    if (options.info !== undefined) {
      options.info.callId = BigInt(client.calls.length);
      options.info.instance = '/run/fake/0.sock';
    }
    const value = await Promise.race([
      handler(inputCodec.decode(memoryOf(input), 0), options),
      aborted(options.signal),
    ]);
    const output = new Uint8Array(outputCodec.size);
    outputCodec.encode(value, memoryOf(output), 0);
    return output;
  }
  return {
    raw: run,
    async json(value, options) {
      const input = new Uint8Array(inputCodec.size);
      inputCodec.encodeJson(value, memoryOf(input), 0);
      return outputCodec.decodeJson(memoryOf(await run(input, options)), 0);
    },
  };
}

/** Rejects when the signal aborts, as the real client does; else never settles. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new IsthmusError('CANCELLED')), { once: true });
  });
}

export function memoryOf(bytes: Uint8Array): { view: DataView; bytes: Uint8Array } {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
