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

export interface CallOptions<Input extends Struct | undefined, Output extends Struct | undefined> {
  /** What the caller sends. Left out: nothing. */
  readonly input?: Input;
  /** What the handler answers. Left out: nothing. */
  readonly output?: Output;
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
export function call<Input extends Struct | undefined = undefined, Output extends Struct | undefined = undefined>(
  options: CallOptions<Input, Output> = {},
): Call<Input, Output> {
  checkOptions('call', options, ['input', 'output', 'idempotent', 'description']);
  for (const side of ['input', 'output'] as const) {
    const type: unknown = options[side];
    if (
      type !== undefined &&
      !(typeof type === 'object' && type !== null && 'kind' in type && type.kind === 'struct')
    ) {
      throw schemaInvalid(`call: the ${side} must be a struct`);
    }
  }
  const { idempotent = false, description } = options;
  if (typeof idempotent !== 'boolean') throw schemaInvalid('call: idempotent must be true or false');
  // `as`: the type parameters are `undefined` exactly where the options leave them out.
  return Object.freeze({
    kind: 'call',
    input: options.input as Input,
    output: options.output as Output,
    idempotent,
    description,
  });
}
