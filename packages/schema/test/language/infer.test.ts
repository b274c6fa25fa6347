/** The compiler runs these tests: a type that is not what it should be does not compile. */
import { test } from 'node:test';
import {
  array,
  bool,
  bytes,
  call,
  decimal,
  duration,
  enumeration,
  f32,
  f64,
  field,
  flags,
  type Infer,
  type InferInput,
  type InputOf,
  i8,
  i64,
  type KeyOf,
  list,
  type OutputOf,
  optional,
  type RowInputOf,
  type RowOf,
  region,
  type Service,
  service,
  struct,
  text,
  timestamp,
  u64,
  union,
} from '../../src/index.ts';

/** True where each can stand for the other: `{ a?: T }` and `{ a: T }` cannot. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

const Kind = enumeration('Kind', ['call', 'put']);
const Open = enumeration('Open', ['a', 'b'], { open: true });
const Access = flags('Access', ['read', 'write']);
const Inner = struct('Inner', { flag: bool({ default: true }), name: text(4) });
const Square = struct('Square', { side: f64(), label: text({ default: '' }) });
const Shape = union('Shape', { inner: Inner, square: Square });
const Outer = struct('Outer', {
  small: i8({ min: 0 }),
  big: i64(),
  huge: u64({ default: 1n }),
  ratio: f32({ default: 0 }),
  price: f64({ description: 'In EUR' }),
  kind: Kind,
  right: field(Kind, { default: 'put' }),
  label: field(Kind, { description: 'Only described' }),
  inner: Inner,
});
const More = struct('More', {
  open: Open,
  access: Access,
  allowed: field(Access, { default: ['read'] }),
  id: bytes(16),
  amount: decimal(2),
  fee: decimal(2, { default: '0.50' }),
  at: timestamp(),
  after: duration({ default: 0n }),
  grid: array(array(f64(), 3), 2),
  shape: Shape,
  maybe: optional(Inner),
  note: text(),
  title: text({ default: 'none' }),
  blob: bytes(),
  rest: bytes({ default: 'empty' }),
  rows: list(Inner),
  shapes: list(Shape, { default: 'empty', max: 5 }),
  names: list(text(4)),
});

test('types follow from the schema', () => {
  same<Infer<typeof Inner>, { flag: boolean; name: string }>();
  same<
    Infer<typeof Outer>,
    {
      small: number;
      big: bigint;
      huge: bigint;
      ratio: number;
      price: number;
      kind: 'call' | 'put';
      right: 'call' | 'put';
      label: 'call' | 'put';
      inner: { flag: boolean; name: string };
    }
  >();
  type ShapeValue = { kind: 'inner'; flag: boolean; name: string } | { kind: 'square'; side: number; label: string };
  same<Infer<typeof Shape>, ShapeValue>();
  same<
    Infer<typeof More>,
    {
      open: 'a' | 'b' | number;
      access: ('read' | 'write')[];
      allowed: ('read' | 'write')[];
      id: Uint8Array;
      amount: string;
      fee: string;
      at: bigint;
      after: bigint;
      grid: number[][];
      shape: ShapeValue;
      maybe: { flag: boolean; name: string } | undefined;
      note: string;
      title: string;
      blob: Uint8Array;
      rest: Uint8Array;
      rows: { flag: boolean; name: string }[];
      shapes: ShapeValue[];
      names: string[];
    }
  >();
});

test('what is optional or has a default may be left out of an input, and only that', () => {
  same<
    InferInput<typeof More>,
    {
      open: 'a' | 'b' | number;
      access: readonly ('read' | 'write')[];
      allowed?: readonly ('read' | 'write')[] | undefined;
      id: Uint8Array;
      amount: string;
      fee?: string | undefined;
      at: bigint;
      after?: bigint | undefined;
      grid: readonly (readonly number[])[];
      shape:
        | { kind: 'inner'; flag?: boolean | undefined; name: string }
        | { kind: 'square'; side: number; label?: string | undefined };
      maybe?: { flag?: boolean | undefined; name: string } | undefined;
      note: string;
      title?: string | undefined;
      blob: Uint8Array;
      rest?: Uint8Array | undefined;
      rows: readonly { flag?: boolean | undefined; name: string }[];
      shapes?: readonly InferInput<typeof Shape>[] | undefined;
      names: readonly string[];
    }
  >();
  const least: InferInput<typeof Outer> = {
    small: 1,
    big: 1n,
    price: 1,
    kind: 'put',
    label: 'call',
    inner: { name: '' },
  };
  const most: InferInput<typeof Outer> = {
    ...least,
    huge: 2n,
    ratio: undefined,
    right: 'call',
    inner: { name: '', flag: false },
  };
  // @ts-expect-error: price has no default.
  const wrong: InferInput<typeof Outer> = { small: 1, big: 1n, kind: 'put', label: 'call', inner: { name: '' } };
  // @ts-expect-error: there is no such value.
  const other: InferInput<typeof Outer> = { ...least, kind: 'swap' };
  // @ts-expect-error: the variant has no such field.
  const crossed: InferInput<typeof Shape> = { kind: 'square', name: '' };
  void [most, wrong, other, crossed];
});

test('what decoding gives can be encoded', () => {
  const again = (value: Infer<typeof More>): InferInput<typeof More> => value;
  const outer = (value: Infer<typeof Outer>): InferInput<typeof Outer> => value;
  void [again, outer];
});

test('methods know their input, output and replies', () => {
  const schema = service('typed', {
    both: call({ input: Inner, output: Outer }),
    nothing: call(),
    raw: call({ input: bytes(), output: bytes({ max: 9 }), codec: 'struct' }),
    many: call({ output: Inner, replies: 'many' }),
    oneWay: call({ input: Inner, replies: 'none', codec: 'json' }),
  });
  same<InputOf<typeof schema.calls.both>, InferInput<typeof Inner>>();
  same<OutputOf<typeof schema.calls.both>, Infer<typeof Outer>>();
  same<InputOf<typeof schema.calls.nothing>, undefined>();
  same<OutputOf<typeof schema.calls.nothing>, undefined>();
  same<InputOf<typeof schema.calls.raw>, Uint8Array>();
  same<OutputOf<typeof schema.calls.raw>, Uint8Array>();
  same<OutputOf<typeof schema.calls.many>, Infer<typeof Inner>>();
  same<typeof schema.calls.both.replies, 'one'>();
  same<typeof schema.calls.nothing.replies, 'one'>();
  same<typeof schema.calls.many.replies, 'many'>();
  same<typeof schema.calls.oneWay.replies, 'none'>();
  // @ts-expect-error: one may be left out.
  same<InferInput<typeof Inner>, Infer<typeof Inner>>();
  // @ts-expect-error: there is no such method.
  void schema.calls.missing;
});

test('what does not fit a type is refused where it is written', () => {
  // @ts-expect-error: it is not one of the values.
  void (() => field(Kind, { default: 'swap' }));
  // @ts-expect-error: it is not one of the names.
  void (() => field(Access, { default: ['execute'] }));
  // @ts-expect-error: an array is only for flags.
  void (() => field(Kind, { default: ['call'] }));
  // @ts-expect-error: a struct has no default.
  void (() => field(Inner, { default: {} }));
  // @ts-expect-error: a bound of a decimal is a string.
  void (() => decimal(2, { min: 1 }));
  // @ts-expect-error: one byte has no order.
  void (() => i8({ endian: 'big' }));
  // @ts-expect-error: an optional type is only for fields.
  void (() => list(optional(f64())));
  // @ts-expect-error: a variant is a struct.
  void (() => union('Bad', { number: f64() }));
  // @ts-expect-error: a list has no other default.
  void (() => list(f64(), { default: [] }));
  // @ts-expect-error: an input is a struct or bytes().
  void (() => call({ input: f64() }));
});

test('the types of regions, and of what finds their rows', () => {
  const Quote = struct('Quote', { symbol: text(8), bid: f64(), side: Kind, open: Open, id: bytes(4), count: i64() });
  const Note = struct('Note', { label: text(3, { default: '' }), level: f64() });
  const made = service('feed', {
    quote: call({ output: Quote }),
    market: region(Quote, { key: 'symbol', rows: 64 }),
    bySide: region(Quote, { key: 'side', rows: 2, writers: 'many' }),
    byOpen: region(Quote, { key: 'open', rows: 2 }),
    byId: region(Quote, { key: 'id', rows: 2 }),
    byCount: region(Quote, { key: 'count', rows: 2 }),
    note: region(Note),
  });
  type Regions = typeof made.regions;
  same<keyof Regions, 'market' | 'bySide' | 'byOpen' | 'byId' | 'byCount' | 'note'>();
  same<keyof typeof made.calls, 'quote'>();
  same<RowOf<Regions['market']>, Infer<typeof Quote>>();
  same<RowOf<Regions['note']>, { label: string; level: number }>();
  same<RowInputOf<Regions['note']>, { label?: string | undefined; level: number }>();
  same<KeyOf<Regions['market']>, string>();
  same<KeyOf<Regions['bySide']>, 'call' | 'put'>();
  same<KeyOf<Regions['byOpen']>, 'a' | 'b' | number>();
  same<KeyOf<Regions['byId']>, Uint8Array>();
  same<KeyOf<Regions['byCount']>, bigint>();
  same<KeyOf<Regions['note']>, undefined>();
  same<Regions['market']['key']['name'], 'symbol'>();
  same<Regions['note']['key'], undefined>();
  // Whoever knows nothing of it, takes it.
  const any: Service = made;
  same<typeof any.regions, { readonly [name: string]: (typeof any.regionList)[number] }>();
  // @ts-expect-error: not a field of the struct.
  region(Quote, { key: 'name', rows: 5 });
  // @ts-expect-error: a key needs rows.
  region(Quote, { key: 'symbol' });
  // @ts-expect-error: rows need a key.
  region(Quote, { rows: 5 });
});
