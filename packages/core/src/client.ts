import { type InputOf, IsthmusError, type Method, type OutputOf, type Service } from '@isthmus/schema';
import { type Form, formsOf } from './form.ts';
import type { InstancePing } from './instances.ts';
import { timeoutOf } from './options.ts';
import type { CallOptions } from './pending.ts';
import type { Policing } from './policies/policing.ts';
import type { Pool } from './pool.ts';
import { ClientRegionSource } from './regions/client-source.ts';
import { type RemoteRegions, regionsOf } from './regions/remote.ts';

/** One instance that is connected now. */
export interface InstanceInfo {
  /** Its socket. */
  readonly path: string;
  /** Its process id as this PID namespace sees it; 0 where it does not. */
  readonly pid: number;
  readonly inFlight: number;
  /** Its serving threads. */
  readonly lanes: number;
  /** Whether its schema is another version, to which calls are adapted. */
  readonly adapted: boolean;
  /** Whether it ends: it answers the calls that it has, and gets no new ones. */
  readonly draining: boolean;
}

export interface PingOptions {
  /** How long an answer may take, in ms. Default: the client's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Only the instance with this socket. Default: all. */
  readonly path?: string | undefined;
}

/** What a method without input is called with. */
type Arguments<Input> = undefined extends Input
  ? [input?: Input, options?: CallOptions]
  : [input: Input, options?: CallOptions];

/** A method with one reply. Every form fails with an IsthmusError and nothing else. */
export interface RemoteMethod<Input, Output> {
  /** Calls and resolves with the reply. */
  (...input: Arguments<Input>): Promise<Output>;
  /**
   * Calls and waits on this thread, spinning first: for handlers that take microseconds. The event loop stands still
   * meanwhile. `timeoutMs` defaults to the client's.
   */
  sync(input: Input, options?: Pick<CallOptions, 'timeoutMs' | 'caller'>): Output;
  /**
   * The same with a reply whose fields are only decoded, and checked, when they are read, each time anew: for callers that
   * read two fields of forty. It is over a copy of its own, so it can be kept.
   */
  view(...input: Arguments<Input>): Promise<Output>;
  /**
   * Calls, and lends the reply to `use` where it lies in shared memory, without any copy: for replies so large that copying them is
   * what a call costs. The reply is a view, whose bytes of any length are not copied either, or, of a method whose output is bytes, those.
   * Once `use` has returned the memory is given back: fields of the view throw from then on, and bytes have length 0. So `use` is not
   * to be asynchronous, and makes no synchronous calls. The instance could change the memory meanwhile: read once what is to be relied on. Where the
   * runtime refuses external memory, and after a synchronous call, it is lent a copy.
   *
   * @returns What `use` returns; rejects with what it throws.
   */
  borrow<Result>(input: Input, use: (reply: Output) => Result, options?: CallOptions): Promise<Awaited<Result>>;
  /** The JSON form in and out: see `docs/types.md`. The input is checked; its fields may be anything. */
  json(input: unknown, options?: CallOptions): Promise<unknown>;
  /** The JSON form in, and out the text that `JSON.stringify` makes of it, without making the value. */
  jsonText(input: unknown, options?: CallOptions): Promise<string>;
  /**
   * The bytes that are on the way, in and out: the struct's own, or those of the method's codec. What comes back is a copy.
   * SCHEMA_MISMATCH where the instance has another version of the schema, and so another layout.
   */
  raw(input: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
}

/**
 * A method with many replies. Nothing is sent before the first `next()`; leaving a `for await`, `return()` and an AbortSignal
 * end the call, and the handler is told. Replies that are not taken hold the handler up: see `streamWindowBytes`. `timeoutMs`
 * is how long each reply may take. The error that ends a call comes after all replies that were before it, and once a reply
 * has come no other instance takes over.
 */
export interface StreamMethod<Input, Output> {
  (...input: Arguments<Input>): AsyncGenerator<Output, undefined, undefined>;
  /** The forms as `RemoteMethod` has them, of each reply. */
  view(...input: Arguments<Input>): AsyncGenerator<Output, undefined, undefined>;
  json(input: unknown, options?: CallOptions): AsyncGenerator<unknown, undefined, undefined>;
  jsonText(input: unknown, options?: CallOptions): AsyncGenerator<string, undefined, undefined>;
  raw(input: Uint8Array, options?: CallOptions): AsyncGenerator<Uint8Array, undefined, undefined>;
}

/**
 * A method without replies: resolves once the request lies in shared memory. Nobody learns whether it was executed, let alone
 * how it ended; it never is twice.
 */
export interface OneWayMethod<Input> {
  (...input: Arguments<Input>): Promise<void>;
  json(input: unknown, options?: CallOptions): Promise<void>;
  jsonText(input: unknown, options?: CallOptions): Promise<void>;
  raw(input: Uint8Array, options?: CallOptions): Promise<void>;
}

type ByReplies<Replies, Input, Output> = Replies extends 'many'
  ? StreamMethod<Input, Output>
  : Replies extends 'none'
    ? OneWayMethod<Input>
    : RemoteMethod<Input, Output>;

/** A method of a client, by how many replies it has. */
export type RemoteMethodOf<M extends Method> = ByReplies<M['replies'], InputOf<M>, OutputOf<M>>;

/** What every client has beside its methods, whose names never begin with `$`. */
export interface ClientControl extends AsyncDisposable {
  readonly $service: Service;
  readonly $instances: readonly InstanceInfo[];
  /**
   * Asks every serving thread of each connected instance for a sign of life, through the ring that calls go through: it answers
   * between two calls, without a handler. Resolves once all have answered, or their time is over. An instance that drains, or goes
   * meanwhile, is left out. Pings are no calls: no limit, statistic or choice of an instance counts them.
   *
   * @throws IsthmusError `INVALID_ARGUMENT`, `CLOSED`.
   */
  $ping(options?: PingOptions): Promise<readonly InstancePing[]>;
  /**
   * How the method's policies would refuse a call that was made now, as far as that can be told before its input is there:
   * CIRCUIT_OPEN or OVERLOADED. Undefined: it would be made.
   */
  $refusal(method: string, options?: Pick<CallOptions, 'timeoutMs'>): IsthmusError | undefined;
  /** Ends calls in flight with CLOSED and closes every channel. Any number of times. */
  $close(): Promise<void>;
}

/** A service as if its methods were functions here, and its regions objects. Belongs to the thread that made it. */
export type Client<S extends Service> = {
  readonly [K in keyof S['calls']]: RemoteMethodOf<S['calls'][K]>;
} & RemoteRegions<S> &
  ClientControl;

type Calling = (input?: unknown, options?: CallOptions) => unknown;

/** Who makes the calls of a method: the pool, or the method's policies. */
type Dispatcher = Pick<Pool, 'call' | 'stream' | 'callSync'>;

/** What a user's function throws is the caller's, and no reason to try the call again. */
async function borrowing(
  dispatcher: Dispatcher,
  form: Form,
  input: unknown,
  use: (reply: unknown) => unknown,
  options: CallOptions | undefined,
): Promise<unknown> {
  if (typeof use !== 'function')
    throw new IsthmusError('INVALID_ARGUMENT', {
      detail: `${form.method.name}.borrow needs a function to lend the reply to`,
    });
  let thrown: { readonly error: unknown } | undefined;
  const result = await dispatcher.call(
    {
      ...form,
      use: (reply) => {
        try {
          return use(reply);
        } catch (error) {
          thrown = { error };
          return undefined;
        }
      },
    },
    input,
    options,
  );
  if (thrown !== undefined) throw thrown.error;
  return result;
}

function remoteMethod(dispatcher: Dispatcher, method: Method): Calling {
  const { value, view, borrow, json, jsonText, raw } = formsOf(method);
  const calling = (form: Form): Calling =>
    method.replies === 'many'
      ? (input, options) => dispatcher.stream(form, input, options)
      : (input, options) => dispatcher.call(form, input, options);
  const call = Object.assign(calling(value), { json: calling(json), jsonText: calling(jsonText), raw: calling(raw) });
  if (method.replies === 'none') return call;
  Object.assign(call, { view: calling(view) });
  if (method.replies === 'many') return call;
  return Object.assign(call, {
    borrow: (input: unknown, use: (reply: unknown) => unknown, options?: CallOptions) =>
      borrowing(dispatcher, borrow, input, use, options),
    sync: (input: unknown, options?: Pick<CallOptions, 'timeoutMs' | 'caller'>) =>
      dispatcher.callSync(value, input, options?.timeoutMs, options?.caller),
  });
}

export function clientOf<S extends Service>(schema: S, pool: Pool, policing?: Policing): Client<S> {
  const dispatcherOf = ({ name }: Method): Dispatcher => policing?.methods.get(name) ?? pool;
  const methods = Object.fromEntries(
    schema.methods.map((method) => [method.name, remoteMethod(dispatcherOf(method), method)]),
  );
  const sources = schema.regionList.map((region) => new ClientRegionSource(region, pool.instances));
  const close = (): Promise<void> => {
    for (const source of sources) source.close();
    policing?.close();
    return pool.close();
  };
  const control = {
    $service: schema,
    get $instances(): readonly InstanceInfo[] {
      const { channels, draining } = pool.instances;
      return [...channels, ...draining].map(({ path, pid, inFlight, lanes, peer, draining }) => {
        return { path, pid, inFlight, lanes, adapted: peer !== undefined, draining };
      });
    },
    async $ping(options?: PingOptions): Promise<readonly InstancePing[]> {
      return pool.instances.ping(timeoutOf(options?.timeoutMs, pool.settings.timeoutMs), options?.path);
    },
    $refusal(method: string, options?: Pick<CallOptions, 'timeoutMs'>): IsthmusError | undefined {
      return policing?.methods.get(method)?.refusal(options?.timeoutMs);
    },
    $close: close,
    [Symbol.asyncDispose]: close,
  };
  // `as`: the methods were made from exactly this schema, whose types say what their codecs take and give.
  return Object.defineProperties(
    control,
    Object.getOwnPropertyDescriptors({ ...methods, ...regionsOf(schema, sources) }),
  ) as unknown as Client<S>;
}
