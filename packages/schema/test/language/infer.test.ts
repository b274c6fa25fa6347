import { test } from 'node:test';
import {
  bool,
  call,
  enumeration,
  f32,
  f64,
  field,
  type Infer,
  type InferInput,
  type InputOf,
  i8,
  i64,
  type OutputOf,
  service,
  struct,
  text,
  u64,
} from '../../src/index.ts';

/** True where each can stand for the other: `{ a?: T }` and `{ a: T }` cannot. The compiler runs this test. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

const Kind = enumeration('Kind', ['call', 'put']);
const Inner = struct('Inner', { flag: bool({ default: true }), name: text(4) });
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
});

test('what has a default may be left out of an input, and only that', () => {
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
  void [most, wrong, other];
});

test('methods know their input and output', () => {
  const schema = service('typed', { both: call({ input: Inner, output: Outer }), none: call() });
  same<InputOf<typeof schema.calls.both>, InferInput<typeof Inner>>();
  same<OutputOf<typeof schema.calls.both>, Infer<typeof Outer>>();
  same<InputOf<typeof schema.calls.none>, undefined>();
  same<OutputOf<typeof schema.calls.none>, undefined>();
  // @ts-expect-error: one may be left out.
  same<InferInput<typeof Inner>, Infer<typeof Inner>>();
  // @ts-expect-error: there is no such method.
  void schema.calls.missing;
});

test('a default of an enumeration is one of its values', () => {
  // @ts-expect-error: it is not.
  const make = () => field(Kind, { default: 'swap' });
  void make;
});
