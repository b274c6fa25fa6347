/** What the gateway needs of a connected client of `@isthmus/core`, and the check that it has it. */
import type { Caller, UntypedRegion } from '@isthmus/core';
import { IsthmusError, type Service } from '@isthmus/schema';

/** The outcome of a call beside its value; the client fills it in. */
export interface CallInfo {
  /** Unique within the channel to the instance. Undefined when nothing was sent. */
  callId?: bigint;
  /** The socket's path of the instance that was called. */
  instance?: string;
}

export interface CallOptions {
  /** In ms; left out: the client's default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly trace?: { readonly traceId: string; readonly spanId: string };
  readonly info?: CallInfo;
  /** Who the call is made for: reaches the handler. */
  readonly caller?: Caller;
}

/** What calling gives: a reply, or several. */
export type Outcome = Promise<unknown> | AsyncIterable<unknown>;

/** One method of a client, in the forms that HTTP needs. */
export interface ClientMethod {
  /** TypeScript values in and out. */
  (value: unknown, options?: CallOptions): Outcome;
  /** JSON form in and out. */
  readonly json: (value: unknown, options?: CallOptions) => Outcome;
  /** JSON form in, JSON text out; undefined where nothing comes out. */
  readonly jsonText: (value: unknown, options?: CallOptions) => Outcome;
}

/** A connected client, as `connect()` returns it, whatever its schema. */
export interface BridgeClient {
  /** The instances that are connected now. One that drains gets no new calls. */
  readonly $instances: readonly { readonly inFlight: number; readonly draining?: boolean }[];
  /** How a call that was made now would be refused, as far as that can be told without its input. */
  $refusal?(method: string, options: { readonly timeoutMs?: number }): IsthmusError | undefined;
}

/** A service that the gateway serves. */
export interface GatewayService {
  readonly schema: Service;
  /** A client of the same schema. The gateway uses it and never closes it. */
  readonly client: BridgeClient;
  /** Example inputs by method, in JSON form, for the OpenAPI document. Left out: made from the schema. */
  readonly examples?: Readonly<Record<string, unknown>>;
}

/** Services by name, which is the schema's own. */
export type GatewayServices = Readonly<Record<string, GatewayService>>;

/** @throws IsthmusError `INVALID_ARGUMENT` when the client was not connected with a schema that has this method. */
export function clientMethodOf(service: GatewayService, name: string): ClientMethod {
  const method: unknown = Reflect.get(service.client, name);
  if (isClientMethod(method)) return method;
  throw new IsthmusError('INVALID_ARGUMENT', {
    detail: `the client given for service ${service.schema.name} has no method ${name}`,
  });
}

function isClientMethod(value: unknown): value is ClientMethod {
  if (typeof value !== 'function') return false;
  return typeof Reflect.get(value, 'json') === 'function' && typeof Reflect.get(value, 'jsonText') === 'function';
}

/** @throws IsthmusError `INVALID_ARGUMENT` when the client was not connected with a schema that has this region. */
export function regionOf(service: GatewayService, name: string): UntypedRegion {
  const region: unknown = Reflect.get(service.client, name);
  const untyped: unknown = typeof region === 'object' && region !== null ? Reflect.get(region, 'untyped') : undefined;
  if (isUntypedRegion(untyped)) return untyped;
  throw new IsthmusError('INVALID_ARGUMENT', {
    detail: `the client given for service ${service.schema.name} has no region ${name}`,
  });
}

function isUntypedRegion(value: unknown): value is UntypedRegion {
  if (typeof value !== 'object' || value === null) return false;
  return ['read', 'rows', 'write', 'update', 'watch'].every((name) => typeof Reflect.get(value, name) === 'function');
}

/** The outcome of a method with one reply, or none. */
export function oneOf(outcome: Outcome): Promise<unknown> {
  if (outcome instanceof Promise) return outcome;
  throw new IsthmusError('INTERNAL', { detail: 'a client gave several replies for one' });
}

/** The outcome of a method with many replies. */
export function manyOf(outcome: Outcome): AsyncIterable<unknown> {
  if (Symbol.asyncIterator in outcome) return outcome;
  throw new IsthmusError('INTERNAL', { detail: 'a client gave one reply for several' });
}
