import type { InputOf, Method, OutputOf, Service } from '@isthmus/schema';
import { formsOf } from './form.ts';
import type { CallInfo, CallOptions } from './pending.ts';
import type { Pool } from './pool.ts';

/** One instance that is connected now. */
export interface InstanceInfo {
  /** Its socket. */
  readonly path: string;
  /** Its process id as this PID namespace sees it; 0 where it does not. */
  readonly pid: number;
  readonly inFlight: number;
  /** Its serving threads. */
  readonly lanes: number;
}

/** What a method without input is called with. */
type Arguments<Input> = undefined extends Input
  ? [input?: Input, options?: CallOptions]
  : [input: Input, options?: CallOptions];

/** A method of the service. Every form fails with an IsthmusError and nothing else. */
export interface RemoteMethod<Input, Output> {
  /** Calls and resolves with the reply. */
  (...input: Arguments<Input>): Promise<Output>;
  /**
   * Calls and waits on this thread, spinning first: for handlers that take microseconds. The event loop stands still
   * meanwhile. `timeoutMs` defaults to the client's.
   */
  sync(input: Input, options?: Pick<CallOptions, 'timeoutMs'>): Output;
  /** The struct's own bytes in and out. What comes back is a copy. */
  raw(input: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
  /** The JSON form in and out: 64-bit integers are decimal strings. The input is checked; its fields may be anything. */
  json(input: unknown, options?: CallOptions): Promise<unknown>;
}

/** What every client has beside its methods, whose names never begin with `$`. */
export interface ClientControl extends AsyncDisposable {
  readonly $service: Service;
  readonly $instances: readonly InstanceInfo[];
  /** Ends calls in flight with CLOSED and closes every channel. Any number of times. */
  $close(): Promise<void>;
}

/** A service as if its methods were functions here. Belongs to the thread that made it. */
export type Client<S extends Service> = {
  readonly [K in keyof S['calls']]: RemoteMethod<InputOf<S['calls'][K]>, OutputOf<S['calls'][K]>>;
} & ClientControl;

function remoteMethod(pool: Pool, method: Method): RemoteMethod<unknown, unknown> {
  const { value, json, raw } = formsOf(method);
  const call = (input?: unknown, options?: CallOptions): Promise<unknown> => pool.call(method, value, input, options);
  return Object.assign(call, {
    sync: (input: unknown, options?: { readonly timeoutMs?: number | undefined }) =>
      pool.callSync(method, value, input, options?.timeoutMs),
    // The raw form only ever reads bytes.
    raw: (input: Uint8Array, options?: CallOptions) => pool.call(method, raw, input, options) as Promise<Uint8Array>,
    json: (input: unknown, options?: CallOptions) => pool.call(method, json, input, options),
  });
}

export function clientOf<S extends Service>(schema: S, pool: Pool): Client<S> {
  const methods = Object.fromEntries(schema.methods.map((method) => [method.name, remoteMethod(pool, method)]));
  const control = {
    $service: schema,
    get $instances(): readonly InstanceInfo[] {
      return pool.instances.channels.map(({ path, pid, inFlight, lanes }) => ({ path, pid, inFlight, lanes }));
    },
    $close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
  // `as`: the methods were made from exactly this schema, whose types say what their codecs take and give.
  return Object.defineProperties(control, Object.getOwnPropertyDescriptors(methods)) as unknown as Client<S>;
}

export type { CallInfo };
