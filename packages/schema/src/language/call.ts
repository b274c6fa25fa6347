import { optionProblems } from './options.ts';
import { type BytesTail, MAX_MESSAGE_ALIGN, type Struct } from './types.ts';
import { isValueType } from './values.ts';

/** What a call takes or answers: a struct, or bytes without any form. */
export type Payload = Struct | BytesTail;

/** How many replies a call has. */
export type Replies = 'one' | 'many' | 'none';

/** How a struct is written on its way: see `docs/codecs.md`. */
export type CodecName = 'struct' | 'protobuf' | 'msgpack' | 'json';

/** A method as declared. The service gives it its name and its number. */
export interface Call<
  Input extends Payload | undefined = Payload | undefined,
  Output extends Payload | undefined = Payload | undefined,
  R extends Replies = Replies,
> {
  readonly kind: 'call';
  readonly input: Input;
  readonly output: Output;
  readonly replies: R;
  readonly codec: CodecName;
  readonly idempotent: boolean;
  readonly description: string | undefined;
  /** What is wrong with the declaration, in words; empty for a sound one. */
  readonly problems: readonly string[];
}

export interface CallOptions<
  Input extends Payload | undefined = Payload | undefined,
  Output extends Payload | undefined = Payload | undefined,
  R extends Replies = Replies,
> extends Traits<R> {
  /** What the caller sends: a struct, or `bytes()`. Left out: nothing. */
  readonly input?: Input;
  /** What the handler answers, each time. Left out: nothing. */
  readonly output?: Output;
}

interface Traits<R extends Replies> {
  /**
   * `one`, the default. `many`: the handler answers any number of times, and the caller gets an async iterable. `none`: the
   * call is sent and that is all; nobody learns whether it was executed.
   */
  readonly replies?: R;
  /** How structs are written. Default: `struct`, as they lie in memory, which is the fastest. */
  readonly codec?: CodecName;
  /**
   * Whether executing it twice does no harm. Only then a call whose instance died under it is tried again on another one.
   * Default: false.
   */
  readonly idempotent?: boolean;
  /** What the method does. Reaches the C comments and OpenAPI; not part of the schema's hash. */
  readonly description?: string;
}

const counts: readonly unknown[] = ['one', 'many', 'none'] satisfies Replies[];
const codecs: readonly unknown[] = ['struct', 'protobuf', 'msgpack', 'json'] satisfies CodecName[];

/**
 * A method: one request, and one reply unless `replies` says otherwise.
 *
 * What is wrong with it is reported by `service`, with all else that is.
 */
// One overload for each combination: a type parameter without an argument would be inferred from where the call stands.
export function call<Input extends Payload, Output extends Payload, const R extends Replies = 'one'>(
  options: Traits<R> & { readonly input: Input; readonly output: Output },
): Call<Input, Output, NoInfer<R>>;
export function call<Input extends Payload, const R extends Replies = 'one'>(
  options: Traits<R> & { readonly input: Input; readonly output?: undefined },
): Call<Input, undefined, NoInfer<R>>;
export function call<Output extends Payload, const R extends Replies = 'one'>(
  options: Traits<R> & { readonly input?: undefined; readonly output: Output },
): Call<undefined, Output, NoInfer<R>>;
export function call<const R extends Replies = 'one'>(
  options?: Traits<R> & { readonly input?: undefined; readonly output?: undefined },
): Call<undefined, undefined, NoInfer<R>>;
export function call(options: CallOptions = {}): Call {
  const problems = optionProblems(options, ['input', 'output', 'replies', 'codec', 'idempotent', 'description']);
  const { input, output, replies = 'one', codec = 'struct', idempotent = false, description } = options ?? {};
  for (const [side, type] of Object.entries({ input, output })) {
    if (type === undefined) continue;
    if (!isPayload(type)) {
      problems.push(`the ${side} must be a struct or bytes()`);
    } else if (type.kind === 'bytesTail') {
      problems.push(...type.problems.map((problem) => `the ${side}: ${problem}`));
      if (type.default !== undefined) problems.push(`the ${side}: bytes() has no default here`);
    } else {
      problems.push(...type.fieldProblems.map((problem) => `the ${side}: ${problem}`));
      const { align } = type.layout;
      if (align > MAX_MESSAGE_ALIGN) {
        problems.push(
          `the ${side}: it is aligned to ${align} bytes, and ${MAX_MESSAGE_ALIGN} is the most in a message`,
        );
      }
    }
  }
  if (!counts.includes(replies)) problems.push(`replies must be one of ${counts.join(', ')}`);
  if (!codecs.includes(codec)) problems.push(`the codec must be one of ${codecs.join(', ')}`);
  if (replies === 'none' && output !== undefined) problems.push('a call without replies has no output');
  if (replies === 'none' && idempotent === true) {
    problems.push('a call without replies is never tried again, so it is not idempotent');
  }
  if (typeof idempotent !== 'boolean') problems.push('idempotent must be true or false');
  // What stands in for something else is never used: the problem is reported first.
  return Object.freeze({
    kind: 'call',
    input: isPayload(input) ? input : undefined,
    output: isPayload(output) ? output : undefined,
    replies: counts.includes(replies) ? replies : 'one',
    codec: codecs.includes(codec) ? codec : 'struct',
    idempotent,
    description,
    problems: Object.freeze(problems),
  });
}

function isPayload(value: unknown): value is Payload {
  return isValueType(value) && (value.kind === 'struct' || value.kind === 'bytesTail');
}

export function isCall(value: unknown): value is Call {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'call' &&
    'problems' in value &&
    Array.isArray(value.problems)
  );
}
