import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bool,
  codecOf,
  emptyCodec,
  enumeration,
  f32,
  f64,
  field,
  IsthmusError,
  i8,
  i64,
  struct,
  text,
  u8,
  u32,
  u64,
} from '../../src/index.ts';
import { structsWithValue } from '../support/arbitrary.ts';
import { memoryOf, memoryWith } from '../support/memory.ts';

const Side = enumeration('Side', ['buy', 'sell']);
const Inner = struct('Inner', { price: f64({ min: 0 }), note: text(4, { default: 'x' }) });
const Order = struct('Order', {
  side: field(Side, { default: 'buy' }),
  live: bool(),
  id: u64(),
  small: i8({ min: -5 }),
  ratio: f32(),
  inner: Inner,
});
const order = { side: 'sell', live: true, id: 7n, small: -5, ratio: 0.5, inner: { price: 1, note: 'hé' } } as const;

/** The bad fields that an encode reports, as `pointer message`. */
function refusals(encode: () => void): string[] {
  try {
    encode();
  } catch (error) {
    assert.ok(error instanceof IsthmusError);
    assert.equal(error.code, 'INVALID_INPUT');
    assert.ok(error.fields.length > 0, error.message);
    return error.fields.map(({ pointer, message }) => `${pointer} ${message}`);
  }
  return [];
}

/** The same with the prototypes that decoding gives, where fast-check likes to leave them out. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

test('what is encoded is decoded, in both forms, at any offset, and every byte is written', () => {
  fc.assert(
    fc.property(structsWithValue, fc.integer({ min: 0, max: 9 }), ([type, value], offset) => {
      const codec = codecOf(type);
      const memory = memoryOf(codec.size + offset + 3);
      codec.encode(value as never, memory, offset);
      assert.deepEqual(codec.decode(memory, offset), plain(value));
      const json = codec.decodeJson(memory, offset);
      const second = memoryWith(new Uint8Array(codec.size + offset + 3).fill(0x55));
      codec.encodeJson(json, second, offset);
      const written = (bytes: Uint8Array) => bytes.subarray(offset, offset + codec.size);
      assert.deepEqual(written(second.bytes), written(memory.bytes));
      assert.deepEqual([...memory.bytes.subarray(0, offset)], Array(offset).fill(0xaa));
      assert.deepEqual([...memory.bytes.subarray(offset + codec.size)], [0xaa, 0xaa, 0xaa]);
    }),
  );
});

test('the fast checks and the slow collector agree about any value', () => {
  const types = {
    bool: bool(),
    i8: i8({ min: -5, max: 100 }),
    u32: u32({ max: 4_000_000_000 }),
    i64: i64({ min: -10n }),
    u64: u64(),
    f32: f32({ max: 0.7 }),
    f64: f64({ min: -1 }),
    text: text(5),
    side: Side,
  };
  const anything = fc.oneof(
    fc.anything(),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('buy', 'sell', -0, 0.7, 0.1, 2 ** 32, 2 ** 31, 3.5e38, '18446744073709551615', '-11', '1e3', '07'),
  );
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(types)), anything, fc.boolean(), (type, value, json) => {
      const Box = struct('Box', { value: type });
      const codec = codecOf(Box);
      const memory = memoryOf(codec.size);
      const encode = json ? codec.encodeJson : codec.encode;
      const fields = refusals(() => encode({ value } as never, memory, 0));
      if (fields.length > 0) assert.match(fields[0] ?? '', /^\/value (must be|is missing)/);
      // What was taken can be given, and taken again.
      else encode((json ? codec.decodeJson(memory, 0) : codec.decode(memory, 0)) as never, memory, 0);
    }),
    { numRuns: 2000 },
  );
});

test('all bad fields are named at once, by JSON pointer', () => {
  const codec = codecOf(Order);
  const bad = { ...order, live: 1, small: -6, ratio: Number.NaN, inner: { price: -1, 'a/b~c': 1 }, extra: 1 };
  assert.deepEqual(
    refusals(() => codec.encodeJson(bad, memoryOf(64), 0)),
    [
      '/extra is not a field of this struct',
      '/live must be true or false',
      '/id must be a whole number from 0 to 18446744073709551615',
      '/small must be a whole number from -5 to 127',
      '/ratio must be a finite number (a 32-bit float holds up to 3.4e38)',
      '/inner/a~1b~0c is not a field of this struct',
      '/inner/price must be a finite number of at least 0',
    ],
  );
});

test('what is missing, what is no object and what belongs to nobody is refused', () => {
  const codec = codecOf(Order);
  const { live: _, ...without } = order;
  assert.deepEqual(
    refusals(() => codec.encode(without as never, memoryOf(64), 0)),
    ['/live is missing'],
  );
  for (const value of [null, undefined, [], 1, 'x', true]) {
    assert.deepEqual(
      refusals(() => codec.encode(value as never, memoryOf(64), 0)),
      [' must be an object'],
    );
    const inner = refusals(() => codec.encode({ ...order, inner: value } as never, memoryOf(64), 0));
    assert.deepEqual(inner, [value === undefined ? '/inner is missing' : '/inner must be an object']);
  }
  const poisoned: unknown = JSON.parse('{"__proto__":{"price":1},"price":1}');
  const fields = refusals(() => codecOf(Inner).encodeJson(poisoned, memoryOf(64), 0));
  assert.deepEqual(fields, ['/__proto__ is not a field of this struct']);
});

test('a surplus field is found although a defaulted one is left out', () => {
  const value = { live: true, id: 7n, small: 0, ratio: 0, inner: { price: 1 }, extra: 1 };
  assert.deepEqual(
    refusals(() => codecOf(Order).encode(value, memoryOf(64), 0)),
    ['/extra is not a field of this struct'],
  );
});

test('fields with a default may be left out or undefined, and are there when decoded', () => {
  const codec = codecOf(Order);
  const memory = memoryOf(codec.size);
  codec.encode({ ...order, side: undefined, inner: { price: 1, note: undefined } }, memory, 0);
  assert.deepEqual(codec.decode(memory, 0), { ...order, side: 'buy', inner: { price: 1, note: 'x' } });
  const { side: _, ...without } = order;
  codec.encodeJson({ ...without, id: '7', inner: { price: 1 } }, memory, 0);
  assert.deepEqual(codec.decode(memory, 0), { ...order, side: 'buy', inner: { price: 1, note: 'x' } });
  const Big = codecOf(struct('Big', { n: i64({ default: -3n }) }));
  Big.encodeJson({}, memory, 0);
  assert.deepEqual(Big.decode(memory, 0), { n: -3n });
});

test('64-bit integers: bigint in TypeScript, decimal strings or exact numbers in JSON', () => {
  const codec = codecOf(struct('Box', { i: i64(), u: u64() }));
  const memory = memoryOf(codec.size);
  const i = -(2n ** 63n);
  const u = 2n ** 64n - 1n;
  codec.encodeJson({ i: String(i), u: String(u) }, memory, 0);
  assert.deepEqual(codec.decode(memory, 0), { i, u });
  assert.deepEqual(codec.decodeJson(memory, 0), { i: String(i), u: String(u) });
  codec.encodeJson({ i: -5, u: Number.MAX_SAFE_INTEGER }, memory, 0);
  assert.deepEqual(codec.decode(memory, 0), { i: -5n, u: BigInt(Number.MAX_SAFE_INTEGER) });
  for (const bad of [2 ** 53, 1.5, '1.0', '01', '+1', ' 1', '0x1', '', '-0', '18446744073709551616', 1n, null]) {
    assert.deepEqual(refusals(() => codec.encodeJson({ i: '0', u: bad }, memory, 0)).length, 1, String(bad));
  }
  assert.equal(refusals(() => codec.encode({ i: 0n, u: 1 as never }, memory, 0)).length, 1);
  assert.equal(refusals(() => codec.encode({ i: 0n, u: 2n ** 64n }, memory, 0)).length, 1);
  assert.equal(refusals(() => codec.encode({ i: 0n, u: -1n }, memory, 0)).length, 1);
});

test('text that does not fit is refused, never cut', () => {
  const codec = codecOf(struct('Box', { value: text(4) }));
  const long = codecOf(struct('Box', { value: text(100) }));
  const memory = memoryOf(101);
  for (const good of ['', 'abcd', 'éé', '😀']) {
    codec.encode({ value: good }, memory, 0);
    assert.equal(codec.decode(memory, 0).value, good);
  }
  for (const bad of ['abcde', 'ééé', 'ab😀', 'a\0', '\0', '\ud800', 'a\udc00']) {
    assert.equal(refusals(() => codec.encode({ value: bad }, memory, 0)).length, 1, JSON.stringify(bad));
  }
  for (const good of ['a'.repeat(100), `${'é'.repeat(49)}x`, '\ufeffbom']) {
    long.encode({ value: good }, memory, 0);
    assert.equal(long.decode(memory, 0).value, good);
  }
  for (const bad of ['a'.repeat(101), 'é'.repeat(51), `${'a'.repeat(50)}\0`]) {
    assert.equal(refusals(() => long.encode({ value: bad }, memory, 0)).length, 1);
  }
});

test('bytes that no handler may write are a fault that names the field', () => {
  const codec = codecOf(struct('Box', { flag: bool(), side: Side, name: text(3), inner: struct('Sub', { x: f64() }) }));
  const fault = (change: (memory: ReturnType<typeof memoryOf>) => void, json = false) => {
    const memory = memoryOf(codec.size);
    codec.encode({ flag: true, side: 'buy', name: 'abc', inner: { x: 1 } }, memory, 0);
    change(memory);
    try {
      if (json) codec.decodeJson(memory, 0);
      else codec.decode(memory, 0);
    } catch (error) {
      assert.ok(error instanceof IsthmusError);
      assert.equal(error.code, 'HANDLER_FAULT');
      return error.detail;
    }
    return 'taken';
  };
  assert.equal(
    fault(({ bytes }) => bytes.fill(2, 0, 1)),
    'field /flag must be 0 or 1',
  );
  assert.equal(
    fault(({ bytes }) => bytes.fill(2, 4, 5)),
    'field /side must be one of buy, sell',
  );
  assert.equal(
    fault(({ bytes }) => bytes.fill(255, 4, 8)),
    'field /side must be one of buy, sell',
  );
  assert.match(
    fault(({ bytes }) => bytes.fill(65, 8, 12)),
    /^field \/name must be text/,
  );
  assert.match(
    fault(({ bytes }) => bytes.fill(0xc3, 10, 11)),
    /^field \/name must be text/,
  );
  const nan = ({ view }: { view: DataView }) => view.setFloat64(16, Number.NaN, true);
  assert.equal(fault(nan), 'taken');
  assert.equal(fault(nan, true), 'field /inner/x is not finite, which JSON cannot say');
});

test('memory that is too short is a RangeError', () => {
  assert.throws(() => codecOf(Order).encode(order, memoryOf(10), 0), RangeError);
  assert.throws(() => codecOf(Order).decode(memoryOf(10), 0), RangeError);
  const box = codecOf(struct('Box', { value: text(8) }));
  assert.throws(() => box.encode({ value: 'abc' }, memoryOf(8), 0), RangeError);
});

test('a value that changes while it is read cannot be encoded', () => {
  let reads = 0;
  const value = {
    get value() {
      return reads++ === 0 ? 300 : 1;
    },
  };
  assert.throws(
    () => codecOf(struct('Box', { value: u8() })).encode(value, memoryOf(1), 0),
    /changed while it was read/,
  );
});

test('a struct has one codec', () => {
  assert.equal(codecOf(Order), codecOf(Order));
});

test('the empty codec takes nothing', () => {
  for (const nothing of [undefined, null, {}]) emptyCodec.encodeJson(nothing, memoryOf(0), 0);
  for (const something of [{ a: 1 }, [], 0, '']) {
    assert.equal(refusals(() => emptyCodec.encodeJson(something, memoryOf(0), 0)).length, 1);
  }
});
