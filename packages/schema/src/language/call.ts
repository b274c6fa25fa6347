import { checkOptions, schemaInvalid } from './options.ts';
import type { Struct } from './types.ts';

/** A method as declared. The service gives it its name and its number. */
export interface Call<
  Input extends Struct | undefined = Struct | undefined,
  Output extends Struct | undefined = Struct | undefined,
> {
  readonly kind: 'call';
  readonly input: Input;
  readonly output: Output;
  readonly idempotent: boolean;
  readonly description: string | undefined;
}

export interface CallOptions<
  Input extends Struct | undefined = Struct | undefined,
  Output extends Struct | undefined = Struct | undefined,
> extends Traits {
  /** What the caller sends. Left out: nothing. */
  readonly input?: Input;
  /** What the handler answers. Left out: nothing. */
  readonly output?: Output;
}

interface Traits {
  /**
   * Whether executing it twice does no harm. Only then a call whose instance died under it is tried again on another one.
   * Default: false.
   */
  readonly idempotent?: boolean;
  /** What the method does. Reaches the C comments and OpenAPI; not part of the schema's hash. */
  readonly description?: string;
}

/**
 * A method: one request, one reply.
 *
 * @throws IsthmusError `SCHEMA_INVALID` when input or output is not a struct.
 */
// One overload for each combination: a type parameter without an argument would be inferred from where the call stands.
export function call<Input extends Struct, Output extends Struct>(
  options: Traits & { readonly input: Input; readonly output: Output },
): Call<Input, Output>;
export function call<Input extends Struct>(
  options: Traits & { readonly input: Input; readonly output?: undefined },
): Call<Input, undefined>;
export function call<Output extends Struct>(
  options: Traits & { readonly input?: undefined; readonly output: Output },
): Call<undefined, Output>;
export function call(
  options?: Traits & { readonly input?: undefined; readonly output?: undefined },
): Call<undefined, undefined>;
export function call(options: CallOptions = {}): Call {
  checkOptions('call', options, ['input', 'output', 'idempotent', 'description']);
  const { input, output, idempotent = false, description } = options;
  for (const [side, type] of Object.entries({ input, output })) {
    // In plain JavaScript it may be anything.
    if (type !== undefined && type?.kind !== 'struct') throw schemaInvalid(`call: the ${side} must be a struct`);
  }
  if (typeof idempotent !== 'boolean') throw schemaInvalid('call: idempotent must be true or false');
  return Object.freeze({ kind: 'call', input, output, idempotent, description });
}
