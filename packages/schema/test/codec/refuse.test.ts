import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { invalidFields, MOST_FIELDS } from '../../src/codec/refuse.ts';
import {
  array,
  bool,
  bytes,
  codecOf,
  decimal,
  duration,
  enumeration,
  f32,
  f64,
  flags,
  IsthmusError,
  i8,
  i64,
  list,
  optional,
  type Struct,
  struct,
  text,
  timestamp,
  u8,
  u32,
  u64,
  union,
  type ValueType,
} from '../../src/index.ts';
import { anyStructWithValue } from '../support/arbitrary.ts';
import { jsonOf } from '../support/forms.ts';
import { memoryOf } from '../support/memory.ts';
import { messageOf, valueIn } from '../support/messages.ts';
import { refusals } from '../support/refusals.ts';

type Form = 'native' | 'json';

function encode(type: Struct, value: unknown, form: Form): number {
  const codec = codecOf(type);
  return form === 'json' ? codec.encodeJson(value, memoryOf(0), 0) : codec.encode(value as never, memoryOf(0), 0);
}

/** That compiled code and slow path agree; and that what was taken is given, and taken again. */
function judge(type: Struct, value: unknown, form: Form): readonly string[] {
  const fields = refusals(() => encode(type, value, form));
  const slow = invalidFields(type, value, form).map(({ pointer, message }) => `${pointer} ${message}`);
  assert.deepEqual(fields, slow);
  if (fields.length > 0) return fields;
  const codec = codecOf(type);
  const message = messageOf(codec, value, form === 'json' ? 'encodeJson' : 'encode');
  const given = valueIn(codec, message, form === 'json' ? 'decodeJson' : 'decode');
  assert.deepEqual(messageOf(codec, given, form === 'json' ? 'encodeJson' : 'encode'), message);
  return fields;
}

const Side = enumeration('Side', ['buy', 'sell']);
const Open = enumeration('Open', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'], { open: true });
const Access = flags('Access', ['read', 'write', 'execute'], { bits: 8 });
const Wide = flags(
  'Wide',
  Array.from({ length: 64 }, (_, index) => `b${index}`),
  { bits: 64 },
);
const Circle = struct('Circle', { radius: f64({ min: 0 }) });
const Square = struct('Square', { side: f64(), note: optional(text(3)) });
const Shape = union('Shape', { circle: Circle, square: Square });

const types: Readonly<Record<string, ValueType>> = {
  truth: bool(),
  i8: i8({ min: -5, max: 100 }),
  u32: u32({ max: 4_000_000_000 }),
  i64: i64({ min: -10n }),
  u64: u64(),
  f32: f32({ max: 0.7 }),
  f64: f64({ min: -1 }),
  text: text(5),
  tail: text({ max: 5 }),
  bytes: bytes(3),
  data: bytes({ max: 4 }),
  side: Side,
  open: Open,
  access: Access,
  wide: Wide,
  array: array(u8(), 2),
  list: list(u8({ max: 9 }), { max: 3 }),
  when: timestamp({ min: 0n }),
  span: duration({ max: 10n ** 9n }),
  price: decimal(2, { min: '-1.50' }),
  shape: Shape,
  circle: Circle,
};

const anything = fc.oneof(
  fc.anything(),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 5 }),
  fc.array(fc.oneof(fc.nat(300), fc.constantFrom('read', 'write', undefined, 'b0', 'b63')), { maxLength: 4 }),
  fc.constantFrom<unknown>(
    'buy',
    'sell',
    'a',
    'i',
    9,
    8,
    -0,
    0.7,
    0.1,
    2 ** 32,
    2 ** 31,
    3.5e38,
    '18446744073709551615',
    '-11',
  ),
  fc.constantFrom<unknown>(
    '1e3',
    '07',
    '-1.5',
    '-1.50',
    '-1.51',
    '1.234',
    'AAAA',
    'AAE=',
    'PT1S',
    'PT1.5S',
    '1970-01-01T00:00:00Z',
  ),
  fc.constantFrom<unknown>(
    { kind: 'circle', radius: 1 },
    { kind: 'circle', radius: -1 },
    { kind: 'square', side: 1 },
    { radius: 1 },
  ),
  fc.constantFrom<unknown>(
    { kind: 'square', side: 1, note: undefined },
    { kind: 'square', side: 1, note: 'abcd' },
    { kind: 'x' },
  ),
);

test('the compiled checks and the slow collector agree about any value', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(types)),
      anything,
      fc.constantFrom('native', 'json'),
      (key, value, form) => {
        const type = types[key];
        assert.ok(type !== undefined);
        for (const given of [type, list(type)]) {
          const Box = struct('Box', { value: given });
          const fields = judge(Box, { value: given === type ? value : [value] }, form);
          if (fields.length > 0)
            assert.match(fields[0] ?? '', /^\/value(\/0)?(\/.*)? (must be|is missing|is not a field)/s);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test('and about values that were good until something in them was changed', () => {
  const cases = fc.tuple(anyStructWithValue(), fc.nat(), anything, fc.constantFrom<Form>('native', 'json'));
  fc.assert(
    fc.property(cases, ([[type, value], place, other, form]) => {
      const good = form === 'json' ? jsonOf(type, value) : value;
      const bad = changed(good, { left: place % (countOf(good) + 1), other });
      judge(type, bad, form);
    }),
    { numRuns: 500 },
  );
});

/** How many places a value has. */
function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1;
  return 1 + Object.values(value).reduce<number>((sum, inner) => sum + countOf(inner), 0);
}

/** A copy with `other` in the place that comes after `left` others. */
function changed(value: unknown, goal: { left: number; readonly other: unknown }): unknown {
  if (goal.left-- === 0) return goal.other;
  if (Array.isArray(value)) return value.map((element) => changed(element, goal));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, changed(inner, goal)]));
}

const Order = struct('Order', {
  side: Side,
  live: bool(),
  id: u64(),
  small: i8({ min: -5 }),
  ratio: f32(),
  inner: struct('Inner', { price: f64({ min: 0 }), note: text(4, { default: 'x' }) }),
  rows: list(struct('Row', { name: text({ max: 3 }), tags: list(Access, { max: 2 }), grid: array(array(u8(), 2), 2) })),
  shape: optional(Shape),
});
const row = {
  name: 'abc',
  tags: [['read']],
  grid: [
    [1, 2],
    [3, 4],
  ],
};
const order = { side: 'sell', live: true, id: 7n, small: -5, ratio: 0.5, inner: { price: 1 }, rows: [row] };

test('all bad fields are named at once, by JSON pointer', () => {
  const bad = {
    ...order,
    live: 1,
    small: -6,
    ratio: Number.NaN,
    inner: { price: -1, 'a/b~c': 1 },
    rows: [
      row,
      { ...row, name: 'long', tags: [['read', 'read'], ['x']] },
      { ...row, grid: [[1, 2], [256]] },
      undefined,
    ],
    shape: { kind: 'square', side: 1, radius: 1 },
    extra: 1,
  };
  assert.deepEqual(
    refusals(() => encode(Order, bad, 'json')),
    [
      '/extra is not a field of this struct',
      '/live must be true or false',
      '/id must be a whole number from 0 to 18446744073709551615',
      '/small must be a whole number from -5 to 127',
      '/ratio must be a finite number (a 32-bit float holds up to 3.4e38)',
      '/inner/a~1b~0c is not a field of this struct',
      '/inner/price must be a finite number of at least 0',
      '/rows/1/name must be text of at most 3 bytes in UTF-8, without NUL',
      '/rows/1/tags/0 must be an array of different names out of read, write, execute',
      '/rows/1/tags/1 must be an array of different names out of read, write, execute',
      '/rows/2/grid/1 must be an array of 2 values',
      '/rows/3 is missing',
      '/shape/radius is not a field of this struct',
    ],
  );
});

test('the detail names the first and how many more', () => {
  assert.throws(() => encode(Order, { ...order, live: 1, small: -6 }, 'native'), {
    message: 'the input does not fit the schema: /live must be true or false, and 1 more',
  });
});

test('what is missing, what is no object and what belongs to nobody is refused', () => {
  const { live: _, ...without } = order;
  assert.deepEqual(judge(Order, without, 'native'), ['/live is missing']);
  for (const value of [null, undefined, [], 1, 'x', true]) {
    assert.deepEqual(judge(Order, value, 'native'), [' must be an object']);
    const inner = judge(Order, { ...order, inner: value }, 'native');
    assert.deepEqual(inner, [value === undefined ? '/inner is missing' : '/inner must be an object']);
  }
  const poisoned: unknown = JSON.parse('{"__proto__":{"radius":1},"radius":1}');
  assert.deepEqual(judge(Circle, poisoned, 'json'), ['/__proto__ is not a field of this struct']);
});

test('a surplus field is found although others are left out, or are there without being enumerable', () => {
  const Some = struct('Some', { a: u8({ default: 1 }), b: optional(u8()), c: u8() });
  const known = ['/extra is not a field of this struct'];
  for (const value of [
    { c: 1, extra: 1 },
    { a: undefined, c: 1, extra: 1 },
    { b: undefined, c: 1, extra: undefined },
  ]) {
    assert.deepEqual(judge(Some, value, 'native'), known);
  }
  class Given {
    get c() {
      return 1;
    }
  }
  assert.deepEqual(judge(Some, new Given(), 'native'), []);
  assert.deepEqual(judge(Some, Object.assign(new Given(), { extra: 1 }), 'native'), known);
  assert.deepEqual(judge(Some, Object.assign(new Given(), { extra: 1, more: 2 }), 'native').length, 2);
});

test('optional fields in JSON are left out, not null', () => {
  const Some = struct('Some', { a: optional(u8()), b: optional(text()), c: optional(Circle) });
  assert.deepEqual(judge(Some, {}, 'json'), []);
  assert.deepEqual(judge(Some, { a: null, b: null, c: null }, 'json'), [
    '/a must be a whole number from 0 to 255',
    '/b must be text, without NUL',
    '/c must be an object',
  ]);
});

test('unions: the kind decides which fields there are', () => {
  const Box = struct('Box', { shape: Shape });
  assert.deepEqual(judge(Box, { shape: { kind: 'circle', radius: 1 } }, 'native'), []);
  assert.deepEqual(judge(Box, { shape: { radius: 1 } }, 'native'), ['/shape/kind is missing']);
  for (const kind of ['triangle', 0, null, 'toString', '__proto__']) {
    assert.deepEqual(judge(Box, { shape: { kind, radius: 1 } }, 'native'), [
      '/shape/kind must be one of circle, square',
    ]);
  }
  assert.deepEqual(judge(Box, { shape: { kind: 'circle', radius: 1, side: 2 } }, 'native'), [
    '/shape/side is not a field of this struct',
  ]);
});

test('a closed enumeration has names only, an open one also the numbers of values to come', () => {
  const Box = struct('Box', { side: Side, open: Open });
  for (const open of ['a', 'i', 9, 4_294_967_295]) assert.deepEqual(judge(Box, { side: 'buy', open }, 'json'), []);
  for (const open of [0, 8, -1, 9.5, 4_294_967_296, '9', 'j', null]) {
    const expected =
      '/open must be one of a, b, c, d, e, f, g, h, i, or the number of a later value, from 9 to 4294967295';
    assert.deepEqual(judge(Box, { side: 'buy', open }, 'json'), [expected]);
  }
  assert.deepEqual(judge(Box, { side: 2, open: 'a' }, 'native'), ['/side must be one of buy, sell']);
});

test('text that does not fit is refused, never cut', () => {
  const Box = struct('Box', { field: text(4), tail: text({ max: 4 }) });
  for (const good of ['', 'abcd', 'éé', '😀']) assert.deepEqual(judge(Box, { field: good, tail: good }, 'native'), []);
  for (const bad of ['abcde', 'ééé', 'ab😀', 'a\0', '\0', '\ud800', 'a\udc00']) {
    assert.equal(judge(Box, { field: bad, tail: bad }, 'native').length, 2, JSON.stringify(bad));
  }
  const Long = struct('Long', { field: text(100), tail: text({ max: 100 }) });
  for (const good of ['a'.repeat(100), `${'é'.repeat(49)}x`, '\ufeffbom']) {
    assert.deepEqual(judge(Long, { field: good, tail: good }, 'json'), []);
  }
  for (const bad of ['a'.repeat(101), 'é'.repeat(51), `${'a'.repeat(50)}\0`]) {
    assert.equal(judge(Long, { field: bad, tail: bad }, 'json').length, 2);
  }
});

test('what a type expects, in each form', () => {
  const Box = struct('Box', types);
  const bad = Object.fromEntries(Object.keys(types).map((key) => [key, null]));
  const said = (form: Form) => Object.fromEntries(judge(Box, bad, form).map((line) => line.slice(1).split(/ (.*)/s)));
  const native = said('native');
  const json = said('json');
  assert.equal(native.bytes, 'must be a Uint8Array of 3 bytes');
  assert.equal(json.bytes, 'must be 3 bytes in base64');
  assert.equal(native.data, 'must be a Uint8Array of at most 4 bytes');
  assert.equal(json.data, 'must be bytes in base64 of at most 4 bytes');
  assert.equal(native.when, 'must be a bigint of nanoseconds since 1970, from 0 to 9223372036854775807');
  assert.equal(
    json.when,
    'must be a time such as "2026-11-22T08:30:00.5Z", from 1970-01-01T00:00:00Z to 2262-04-11T23:47:16.854775807Z',
  );
  assert.equal(json.span, 'must be a duration such as "PT1H2M3.5S", from -PT2562047H47M16.854775808S to PT1S');
  assert.equal(json.price, 'must be a decimal number in a string, such as "1.00", from -1.50 to 92233720368547758.07');
  assert.equal(native.list, 'must be an array of at most 3 values');
  assert.equal(native.array, 'must be an array of 2 values');
});

test('an error lists a bounded number of fields', () => {
  const Box = struct('Box', { values: list(u8()) });
  const values = Array.from({ length: 100_000 }, () => 'x');
  assert.throws(
    () => encode(Box, { values }, 'native'),
    (error) => {
      assert.ok(error instanceof IsthmusError);
      assert.equal(error.fields.length, MOST_FIELDS);
      assert.match(error.detail, /^\/values\/0 must be a whole number from 0 to 255, and at least 999 more$/);
      return true;
    },
  );
  // Nor does it take long to say so of an array that is nothing but length.
  const holes: unknown[] = [];
  holes.length = 400_000_000;
  assert.equal(refusals(() => encode(Box, { values: holes }, 'native')).length, MOST_FIELDS);
});

test('a value that changes while it is read cannot be encoded', () => {
  let reads = 0;
  const value = {
    get value() {
      return reads++ === 0 ? 300 : 1;
    },
  };
  const Box = codecOf(struct('Box', { value: u8() }));
  assert.throws(() => Box.encode(value, memoryOf(1), 0), /changed while it was read/);
});
