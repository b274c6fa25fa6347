import type {
  ArrayType,
  BigintType,
  BoolType,
  BytesTail,
  BytesType,
  DecimalType,
  Enumeration,
  Flags,
  FloatType,
  IntegerType,
  List,
  Optional,
  Struct,
  TextTail,
  TextType,
  TimeType,
  Union,
} from './types.ts';

/**
 * The TypeScript value of a schema type, as decoding gives it: every field is there.
 *
 * @example type Quote = Infer<typeof QuoteReply>; // { price: number; ... }
 */
export type Infer<T> =
  T extends Struct<infer F>
    ? { [K in keyof F]: Infer<F[K]> }
    : T extends Union<infer V>
      ? { [K in keyof V]: Flatten<{ kind: K } & Infer<V[K]>> }[keyof V]
      : T extends Optional<infer Value>
        ? Infer<Value> | undefined
        : T extends ArrayType<infer Element> | List<infer Element>
          ? Infer<Element>[]
          : Leaf<T>;

/** The same as encoding takes it: fields that are optional or have a default may be left out. */
export type InferInput<T> =
  T extends Struct<infer F>
    ? Flatten<
        { [K in RequiredKeys<F>]: InferInput<F[K]> } & {
          [K in Exclude<keyof F, RequiredKeys<F>>]?: InferInput<F[K]> | undefined;
        }
      >
    : T extends Union<infer V>
      ? { [K in keyof V]: Flatten<{ kind: K } & InferInput<V[K]>> }[keyof V]
      : T extends Optional<infer Value>
        ? InferInput<Value> | undefined
        : T extends ArrayType<infer Element> | List<infer Element>
          ? readonly InferInput<Element>[]
          : T extends Flags<infer Value>
            ? readonly Value[]
            : Leaf<T>;

type Leaf<T> = T extends BoolType
  ? boolean
  : T extends IntegerType | FloatType
    ? number
    : T extends BigintType | TimeType
      ? bigint
      : T extends TextType | TextTail | DecimalType
        ? string
        : T extends BytesType | BytesTail
          ? Uint8Array
          : T extends Enumeration<infer Value, infer _Default, infer Open>
            ? Open extends true
              ? Value | number
              : Value
            : T extends Flags<infer Value>
              ? Value[]
              : never;

type RequiredKeys<F> = { [K in keyof F]: MayBeLeftOut<F[K]> extends true ? never : K }[keyof F];
/** True only where that is certain; a type that does not tell counts as having to be given. */
type MayBeLeftOut<T> = T extends Optional
  ? true
  : T extends { readonly default: infer Default }
    ? undefined extends Default
      ? false
      : true
    : false;
/** Shows an intersection as the one object it is, so that editors print something readable. */
type Flatten<T> = { [K in keyof T]: T[K] };
