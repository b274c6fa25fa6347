import { cNameProblems } from '../c/clash.ts';
import { type Codec, codecOf, emptyCodec, rawCodec } from '../codec/codec.ts';
import { canonicalText } from '../text/canonical.ts';
import { hashOf } from '../text/hash.ts';
import { type Call, type CodecName, isCall, type Payload, type Replies } from './call.ts';
import { collectTypes } from './collect.ts';
import type { Infer, InferInput } from './infer.ts';
import { memberNameProblems, quoted, serviceNameProblems } from './names.ts';
import { optionProblems, schemaInvalid } from './options.ts';
import { isRegion, isStruct, keyFieldOf, type RegionType } from './region.ts';
import { regionListProblems } from './region-memory.ts';
import { type DeclaredRegion, type ServiceRegion, serviceRegionOf } from './service-region.ts';

/** A method of a service, ready to be called: what `call` declared, with its name, number and codecs. */
export interface Method<
  Input extends Payload | undefined = Payload | undefined,
  Output extends Payload | undefined = Payload | undefined,
  R extends Replies = Replies,
> {
  readonly name: string;
  /** 1, 2, .. in the order of declaration. */
  readonly id: number;
  /** `undefined`: an empty payload. */
  readonly input: Input;
  readonly output: Output;
  readonly replies: R;
  /** How structs are written on their way. */
  readonly codec: CodecName;
  /** Between values and the bytes of the struct as it lies in memory, whatever `codec` says. */
  readonly inputCodec: Codec<Value<Input>, InputValue<Input>>;
  readonly outputCodec: Codec<Value<Output>, InputValue<Output>>;
  readonly idempotent: boolean;
  readonly description: string | undefined;
}

type Value<P> = P extends Payload ? Infer<P> : undefined;
type InputValue<P> = P extends Payload ? InferInput<P> : undefined;

/** What a caller of the method gives: the input's type, or `undefined` where there is none. */
export type InputOf<M extends Method> = InputValue<M['input']>;
/** What a caller of the method gets: the output's type, or `undefined` where there is none. */
export type OutputOf<M extends Method> = Value<M['output']>;

export interface Calls {
  readonly [name: string]: Call;
}

/** What a service is made of. */
export interface Members {
  readonly [name: string]: Call | RegionType;
}

/** The methods of a service by name, each with its own types. */
export type MethodsOf<C extends Members> = {
  readonly [K in keyof C as C[K] extends Call ? K : never]: C[K] extends Call<infer Input, infer Output, infer R>
    ? Method<Input, Output, R>
    : never;
};

/** The regions of a service by name, each with its own types. */
export type RegionsOf<C extends Members> = {
  readonly [K in keyof C as C[K] extends RegionType ? K : never]: C[K] extends RegionType<infer S, infer Key>
    ? ServiceRegion<S, Key>
    : never;
};

/** A schema: what two programs must agree on. */
export interface Service<
  M extends { readonly [name: string]: Method } = { readonly [name: string]: Method },
  R extends { readonly [name: string]: ServiceRegion } = { readonly [name: string]: ServiceRegion },
> {
  readonly kind: 'service';
  readonly name: string;
  readonly description: string | undefined;
  readonly calls: M;
  /** The same in the order of declaration: the one with id n is at n - 1. */
  readonly methods: readonly Method[];
  readonly regions: R;
  /** The same in the order of declaration: the one with id n is at n - 1. */
  readonly regionList: readonly ServiceRegion[];
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
 * @param members Calls and regions, at least one of either. Their order decides their numbers, so new ones go to the end.
 * @throws IsthmusError `SCHEMA_INVALID` with everything that is wrong with the schema, a line each: bad names and options,
 *   ranges and defaults that do not fit, two different types of one name, names that clash in C.
 */
export function service<const M extends Members>(
  name: string,
  members: M,
  options: ServiceOptions = {},
): Service<MethodsOf<M>, RegionsOf<M>> {
  const place = `service ${String(name)}`;
  const own = [...serviceNameProblems(name), ...optionProblems(options, ['description', 'errors'])];
  const { inTypes, inMembers, calls, regions } = declare(place, members);
  if (inMembers.length + calls.length + regions.length === 0) own.push('it needs at least one call or region');
  own.push(...regionListProblems(regions));
  const errors = errorNames(options?.errors ?? [], own);
  const types = collectTypes({ methods: calls, regionList: regions }, own);
  own.push(...cNameProblems({ name: String(name), methods: calls, regionList: regions, errors }, types));
  const problems = [...inTypes, ...own.map((problem) => `${place}: ${problem}`), ...inMembers];
  if (problems.length > 0) throw schemaInvalid([...new Set(problems)].join('\n'));

  const methods = calls.map(methodOf);
  const regionList = regions.map(serviceRegionOf);
  const text = canonicalText({ name, methods, regionList, errors }, types);
  return Object.freeze({
    kind: 'service',
    name,
    description: options.description,
    // `declare` made exactly these methods and regions, from exactly these members.
    calls: byName(methods) as MethodsOf<M>,
    methods: Object.freeze(methods),
    regions: byName(regionList) as RegionsOf<M>,
    regionList: Object.freeze(regionList),
    errors,
    text,
    hash: hashOf(text),
  });
}

interface Declared extends Call {
  readonly name: string;
  readonly id: number;
}

interface Declaration {
  readonly calls: Declared[];
  readonly regions: DeclaredRegion[];
  /** What is wrong with them, and with the types that they are made of: each with its place. */
  readonly inMembers: string[];
  readonly inTypes: string[];
}

/** Gives calls and regions their names and numbers. In plain JavaScript they may be anything. */
function declare(place: string, members: unknown): Declaration {
  const declaration: Declaration = { calls: [], regions: [], inMembers: [], inTypes: [] };
  const { calls, regions, inMembers, inTypes } = declaration;
  const entries: [string, unknown][] = typeof members === 'object' && members !== null ? Object.entries(members) : [];
  for (const [name, entry] of entries) {
    const at = `${place}, ${isRegion(entry) ? 'region' : 'call'} ${name}`;
    const found = memberNameProblems(name);
    if (isCall(entry)) {
      found.push(...entry.problems);
      for (const payload of [entry.input, entry.output]) {
        if (payload?.kind === 'struct') inTypes.push(...payload.problems);
      }
      calls.push({ ...entry, name, id: calls.length + 1 });
    } else if (isRegion(entry)) {
      found.push(...entry.problems);
      if (isStruct(entry.struct)) {
        inTypes.push(...entry.struct.problems);
        regions.push({ ...entry, name, id: regions.length + 1, key: keyFieldOf(entry) });
      }
    } else {
      found.push('this is neither a call nor a region; use call({ ... }) or region(...)');
    }
    inMembers.push(...found.map((problem) => `${at}: ${problem}`));
  }
  return declaration;
}

function byName<T extends { readonly name: string }>(members: readonly T[]): { readonly [name: string]: T } {
  return Object.freeze(Object.fromEntries(members.map((member) => [member.name, member])));
}

/** The names of a handler's errors, each once. */
function errorNames(given: unknown, problems: string[]): readonly string[] {
  const all: readonly unknown[] = Array.isArray(given) ? given : [];
  if (!Array.isArray(given)) problems.push('errors must be an array of names');
  const names = new Set<string>();
  for (const error of all) {
    problems.push(...memberNameProblems(error).map((problem) => `error ${quoted(error)}: ${problem}`));
    if (typeof error !== 'string') continue;
    if (names.has(error)) problems.push(`the error ${error} is there twice`);
    names.add(error);
  }
  return Object.freeze([...names]);
}

function methodOf({ name, id, input, output, replies, codec, idempotent, description }: Declared): Method {
  return Object.freeze({
    name,
    id,
    input,
    output,
    replies,
    codec,
    inputCodec: codecFor(input),
    outputCodec: codecFor(output),
    idempotent,
    description,
  });
}

function codecFor(payload: Payload | undefined): Method['inputCodec'] & Method['outputCodec'] {
  if (payload === undefined) return emptyCodec;
  return payload.kind === 'struct' ? codecOf(payload) : rawCodec(payload);
}

/** Whether a value, such as an export of a schema file, is a service. */
export function isService(value: unknown): value is Service {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'service';
}
