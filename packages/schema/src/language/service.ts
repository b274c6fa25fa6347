import { checkCNames } from '../c/clash.ts';
import { type Codec, codecOf, emptyCodec } from '../codec/codec.ts';
import { canonicalText } from '../text/canonical.ts';
import { hashOf } from '../text/hash.ts';
import type { Call } from './call.ts';
import { collectTypes } from './collect.ts';
import type { Infer, InferInput } from './infer.ts';
import { checkMemberName, checkServiceName } from './names.ts';
import { checkOptions, schemaInvalid } from './options.ts';
import type { Struct } from './types.ts';

/** A method of a service, ready to be called: what `call` declared, with its name, number and codecs. */
export interface Method<
  Input extends Struct | undefined = Struct | undefined,
  Output extends Struct | undefined = Struct | undefined,
> {
  readonly name: string;
  /** 1, 2, .. in the order of declaration. */
  readonly id: number;
  /** `undefined`: an empty payload. */
  readonly input: Input;
  readonly output: Output;
  readonly inputCodec: Codec<Value<Input>, InputValue<Input>>;
  readonly outputCodec: Codec<Value<Output>, InputValue<Output>>;
  readonly idempotent: boolean;
  readonly description: string | undefined;
}

type Value<S> = S extends Struct ? Infer<S> : undefined;
type InputValue<S> = S extends Struct ? InferInput<S> : undefined;

/** What a caller of the method gives: the input's type, or `undefined` where there is none. */
export type InputOf<M extends Method> = InputValue<M['input']>;
/** What a caller of the method gets: the output's type, or `undefined` where there is none. */
export type OutputOf<M extends Method> = Value<M['output']>;

export interface Calls {
  readonly [name: string]: Call;
}

/** The methods of a service by name, each with its own types. */
export type MethodsOf<C extends Calls> = {
  readonly [K in keyof C]: C[K] extends Call<infer Input, infer Output> ? Method<Input, Output> : never;
};

/** A schema: what two programs must agree on. */
export interface Service<M extends { readonly [name: string]: Method } = { readonly [name: string]: Method }> {
  readonly kind: 'service';
  readonly name: string;
  readonly description: string | undefined;
  readonly calls: M;
  /** The same in the order of declaration: the one with id n is at n - 1. */
  readonly methods: readonly Method[];
  /** Names of the handler's own codes 1, 2, ... */
  readonly errors: readonly string[];
  /** The canonical text: every name, type, offset and range, and nothing else. Two schemas fit if theirs are equal. */
  readonly text: string;
  /** SHA-256 of the text, 32 bytes. */
  readonly hash: Uint8Array;
}

export interface ServiceOptions {
  /** What the service is. Not part of the schema's hash. */
  readonly description?: string;
  /** Names of the codes with which handlers refuse calls: the first one is code 1. Default: none. */
  readonly errors?: readonly string[];
}

/**
 * A service: the value that a schema file exports.
 *
 * @param name In camelCase; the prefix of every C name, in snake_case.
 * @param calls At least one. Their order decides their numbers, so new ones go to the end.
 * @throws IsthmusError `SCHEMA_INVALID` for bad names, two different types of one name, and names that clash in C.
 */
export function service<const C extends Calls>(
  name: string,
  calls: C,
  options: ServiceOptions = {},
): Service<MethodsOf<C>> {
  const place = `service ${name}`;
  checkServiceName(name);
  checkOptions(place, options, ['description', 'errors']);
  const methods = Object.entries(calls).map(([key, value], index) => methodOf(place, key, value, index + 1));
  if (methods.length === 0) throw schemaInvalid(`${place}: it needs at least one call`);
  const errors = Object.freeze([...(options.errors ?? [])]);
  for (const [index, error] of errors.entries()) {
    checkMemberName(`${place}, error ${JSON.stringify(error)}`, error);
    if (errors.indexOf(error) !== index) throw schemaInvalid(`${place}: the error ${error} is there twice`);
  }
  const types = collectTypes(place, methods);
  checkCNames(name, methods, errors, types);
  const text = canonicalText(name, methods, errors, types);
  return Object.freeze({
    kind: 'service',
    name,
    description: options.description,
    // The loop above made exactly these methods, from exactly these calls.
    calls: Object.freeze(Object.fromEntries(methods.map((method) => [method.name, method]))) as MethodsOf<C>,
    methods: Object.freeze(methods),
    errors,
    text,
    hash: hashOf(text),
  });
}

function methodOf(place: string, name: string, declared: Call, id: number): Method {
  checkMemberName(`${place}, call ${JSON.stringify(name)}`, name);
  if (declared?.kind !== 'call') throw schemaInvalid(`${place}, call ${name}: this is not a call; use call({ ... })`);
  const { input, output, idempotent, description } = declared;
  return Object.freeze({
    name,
    id,
    input,
    output,
    inputCodec: input === undefined ? emptyCodec : codecOf(input),
    outputCodec: output === undefined ? emptyCodec : codecOf(output),
    idempotent,
    description,
  });
}

/** Whether a value, such as an export of a schema file, is a service. */
export function isService(value: unknown): value is Service {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'service';
}
