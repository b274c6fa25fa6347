import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bool,
  bytes,
  duration,
  enumeration,
  f32,
  f64,
  flags,
  IsthmusError,
  i32,
  i64,
  list,
  optional,
  type Struct,
  struct,
  text,
  timestamp,
  u32,
  u64,
  union,
  type ValueType,
} from '@isthmus/schema';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { anyStructWithValue } from '../../../schema/test/support/arbitrary.ts';
import { payloadCodec } from '../../src/index.ts';
import { decoded, encoded } from '../support/forms.ts';

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const bytesOfHex = (value: string): Uint8Array => new Uint8Array(Buffer.from(value.replaceAll(' ', ''), 'hex'));
const one = (type: ValueType): Struct => struct('One', { x: type });
const messageOf = (type: ValueType, x: unknown): string => hex(encoded(payloadCodec('msgpack', one(type)), { x }));
const readOf = (type: ValueType, message: string): unknown => {
  const { value } = decoded(payloadCodec('msgpack', one(type)), bytesOfHex(message));
  return Reflect.get(Object(value), 'x');
};

/** The map of one key, `x`. */
const X = '81a178';

test('values are written in the formats of the specification, the shortest that holds them', () => {
  const cases: [ValueType, unknown, string][] = [
    [bool(), false, 'c2'],
    [bool(), true, 'c3'],
    [u32(), 0, '00'],
    [u32(), 127, '7f'],
    [u32(), 128, 'cc80'],
    [u32(), 255, 'ccff'],
    [u32(), 256, 'cd0100'],
    [u32(), 65_535, 'cdffff'],
    [u32(), 65_536, 'ce00010000'],
    [u32(), 4_294_967_295, 'ceffffffff'],
    [i32(), -1, 'ff'],
    [i32(), -32, 'e0'],
    [i32(), -33, 'd0df'],
    [i32(), -128, 'd080'],
    [i32(), -129, 'd1ff7f'],
    [i32(), -32_768, 'd18000'],
    [i32(), -32_769, 'd2ffff7fff'],
    [i32(), -2_147_483_648, 'd280000000'],
    [i64(), 5n, '05'],
    [i64(), -2_147_483_648n, 'd280000000'],
    [i64(), -2_147_483_649n, 'd3ffffffff7fffffff'],
    [i64(), 4_294_967_295n, 'ceffffffff'],
    [i64(), 4_294_967_296n, 'cf0000000100000000'],
    [i64(), -(2n ** 63n), 'd38000000000000000'],
    [u64(), 2n ** 64n - 1n, 'cfffffffffffffffff'],
    [timestamp(), 1n, '01'],
    [duration(), -1n, 'ff'],
    [f64(), 1, 'cb3ff0000000000000'],
    [f64(), -0, 'cb8000000000000000'],
    [f32(), 1.5, 'ca3fc00000'],
    [text(), '', 'a0'],
    [text(), 'é', 'a2c3a9'],
    [text(), 'a'.repeat(31), `bf${'61'.repeat(31)}`],
    [text(), 'a'.repeat(32), `d920${'61'.repeat(32)}`],
    [text(), 'é'.repeat(16), `d920${'c3a9'.repeat(16)}`],
    [text(), 'a'.repeat(256), `da0100${'61'.repeat(256)}`],
    [text(), 'a'.repeat(65_536), `db00010000${'61'.repeat(65_536)}`],
    [bytes(), new Uint8Array(), 'c400'],
    [bytes(), new Uint8Array(256), `c50100${'00'.repeat(256)}`],
    [bytes(), new Uint8Array(65_536), `c600010000${'00'.repeat(65_536)}`],
    [list(bool()), Array(15).fill(true), `9f${'c3'.repeat(15)}`],
    [list(bool()), Array(16).fill(true), `dc0010${'c3'.repeat(16)}`],
    [list(bool()), Array(65_536).fill(true), `dd00010000${'c3'.repeat(65_536)}`],
    [array(array(u32(), 2), 1), [[1, 2]], '91920102'],
    [enumeration('E', ['a', 'b']), 'b', 'a162'],
    [enumeration('E', ['a', 'b'], { open: true }), 7, '07'],
    [flags('F', ['r', 'w']), ['r', 'w'], '92a172a177'],
    [struct('S', { a: optional(u32()), b: u32() }), { a: undefined, b: 1 }, '81a16201'],
    [struct('S', { a: optional(u32()), b: u32() }), { a: 2, b: 1 }, '82a16102a16201'],
    [union('U', { one: struct('V', { b: u32() }) }), { kind: 'one', b: 1 }, '82a46b696e64a36f6e65a16201'],
  ];
  for (const [type, value, message] of cases) {
    assert.equal(messageOf(type, value), X + message, `${type.kind} ${message.slice(0, 20)}`);
    assert.deepEqual(readOf(type, X + message), value);
  }
});

test('a map of more than 15 fields', () => {
  const names = Array.from({ length: 16 }, (_, index) => `f${index}`);
  const type = struct('S', Object.fromEntries(names.map((name) => [name, bool()])));
  const message = encoded(payloadCodec('msgpack', type), Object.fromEntries(names.map((name) => [name, true])));
  assert.match(hex(message), /^de0010a26630c3a26631c3/);
});

test('the format as such: its own library reads what is written, and is read', () => {
  fc.assert(
    fc.property(anyStructWithValue(), ([type, value]) => {
      const codec = payloadCodec('msgpack', type);
      const message = encoded(codec, value);
      const theirs = decode(message, { useBigInt64: true });
      assert.deepEqual(loose(theirs), loose(value));
      // It writes whole numbers as integers, and loses the sign of -0.
      assert.deepEqual(loose(decoded(codec, encode(theirs, { useBigInt64: true })).value), loose(value));
    }),
  );
});

/** What can be told apart without a schema: left out and undefined are one, and so are whole numbers of any type. */
function loose(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(loose);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, loose(field)]),
  );
}

test('any format of an integer will do, and integers for floats', () => {
  for (const message of ['05', 'cc05', 'cd0005', 'ce00000005', 'cf0000000000000005', 'd005', 'd30000000000000005']) {
    assert.equal(readOf(u32(), X + message), 5);
    assert.equal(readOf(u64(), X + message), 5n);
    assert.equal(readOf(f64(), X + message), 5);
  }
  assert.equal(readOf(u32(), `${X}cb4014000000000000`), 5, 'a whole float is a whole number, as in JSON');
  assert.equal(readOf(i64(), `${X}cb4014000000000000`), 5n);
  assert.equal(readOf(f64(), `${X}ca3fc00000`), 1.5);
  assert.equal(readOf(f64(), `${X}cf8000000000000000`), 2 ** 63);
  assert.equal(readOf(text(), `${X}d90161`), 'a', 'and any format of a text');
});

test('what does not fit the schema is named by its place', () => {
  const cases: [ValueType, string, string][] = [
    [u32(), 'ff', '/x'],
    [u32(), 'a0', '/x'],
    [u64(), 'cb3ff8000000000000', '/x'],
    [i64(), 'cfffffffffffffffff', '/x'],
    [i64(), 'cb43e0000000000000', '/x'],
    [f64(), 'cb7ff8000000000000', '/x'],
    [f64(), 'cfffffffffffffffff', '/x'],
    [optional(u32()) as never, 'c0', '/x'],
    [bool(), '01', '/x'],
    [text(), 'c40161', '/x'],
    [bytes(), 'a161', '/x'],
    [bytes(3), 'c4020000', '/x'],
    [list(u64()), '9201a0', '/x/1'],
    [array(u32(), 3), '920102', '/x'],
    [enumeration('E', ['a']), 'a162', '/x'],
    [flags('F', ['r']), '91a177', '/x'],
    [struct('S', { a: u64() }), '81a161c2', '/x/a'],
    [struct('S', { a: u64() }), '90', '/x'],
    [struct('S', { a: u64() }), '80', '/x/a'],
    [struct('S', { a: u64() }), '82a16101a16201', '/x/b'],
    [struct('S', { a: u64() }), `82a16101a9${Buffer.from('__proto__').toString('hex')}80`, '/x/__proto__'],
    [union('U', { one: struct('V', { b: u64() }) }), '82a46b696e64a36f6e65a162c2', '/x/b'],
    [union('U', { one: struct('V', { b: u64() }) }), '81a16201', '/x/kind'],
    [struct('S', { a: u64() }), '83a16101a16102a16103', '/x/a'],
  ];
  for (const [type, message, pointer] of cases) {
    assert.throws(
      () => readOf(type, X + message),
      (error) => {
        assert.ok(error instanceof IsthmusError);
        assert.equal(error.code, 'HANDLER_FAULT');
        assert.equal(error.fields[0]?.pointer, pointer);
        return true;
      },
      `${type.kind} ${message}`,
    );
  }
});

test('what is no MessagePack for a struct is a malformed message', () => {
  const cases: [string, RegExp][] = [
    ['', /byte 0: it ends/],
    ['81', /it ends within an array or a map/],
    [`${X}`, /byte 3, in \/x: it ends within a value/],
    [`${X}0500`, /byte 4: 1 bytes follow the value/],
    [`${X}cd05`, /ends within a value/],
    [`${X}a5616263`, /ends within a value/],
    [`${X}c5ffff00`, /ends within a value/],
    [`${X}ddffffffff00`, /ends within an array or a map/],
    [`${X}dfffffffff00`, /ends within an array or a map/],
    [`${X}92ddffffffff00`, /in \/x\/0: it ends within an array or a map/],
    [`${X}a2fffe`, /a text is not UTF-8/],
    [`${X}a3edb080`, /a text is not UTF-8/],
    ['810505', /the key of a map is no text/],
    ['81c4017805', /the key of a map is no text/],
    [`${X}c1`, /0xc1 begins no value/],
    [`${X}d6ff00000001`, /0xd6 begins an extension type/],
    [`${X}c70400ffffffff`, /0xc7 begins an extension type/],
    [X + '91'.repeat(100_000), /in (\/[x0])+: it is nested more than 64 times/],
  ];
  for (const [message, detail] of cases) {
    assert.throws(
      () => readOf(u32(), message),
      (error) => error instanceof IsthmusError && error.code === 'MALFORMED_MESSAGE' && detail.test(error.detail),
      message.slice(0, 30),
    );
  }
});
