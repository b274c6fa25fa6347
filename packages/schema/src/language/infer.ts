import type { BigintType, BoolType, Enumeration, FloatType, IntegerType, Struct, TextType } from './types.ts';

/**
 * The TypeScript value of a schema type, as decoding gives it: every field is there.
 *
 * @example type Quote = Infer<typeof QuoteReply>; // { price: number; ... }
 */
export type Infer<T> = T extends BoolType
  ? boolean
  : T extends IntegerType | FloatType
    ? number
    : T extends BigintType
      ? bigint
      : T extends TextType
        ? string
        : T extends Enumeration<infer Value>
          ? Value
          : T extends Struct<infer F>
            ? { [K in keyof F]: Infer<F[K]> }
            : never;

/** The same as encoding takes it: fields with a default may be left out. */
export type InferInput<T> =
  T extends Struct<infer F>
    ? Flatten<
        { [K in RequiredKeys<F>]: InferInput<F[K]> } & {
          [K in Exclude<keyof F, RequiredKeys<F>>]?: InferInput<F[K]> | undefined;
        }
      >
    : Infer<T>;

type RequiredKeys<F> = { [K in keyof F]: HasDefault<F[K]> extends true ? never : K }[keyof F];
/** True only where a default is certainly there; a type that does not tell counts as having none. */
type HasDefault<T> = T extends { readonly default: infer Default } ? (undefined extends Default ? false : true) : false;
/** Shows an intersection as the one object it is, so that editors print something readable. */
type Flatten<T> = { [K in keyof T]: T[K] };
