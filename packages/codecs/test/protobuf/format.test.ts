/** The rules of protobuf that go beyond one value and its bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bool,
  bytes,
  decimal,
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
  type Type,
  text,
  u8,
  u64,
  union,
} from '@isthmus/schema';
import { payloadCodec } from '../../src/index.ts';
import { decoded, encoded } from '../support/forms.ts';

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const read = (type: Struct, message: string): unknown =>
  decoded(payloadCodec('protobuf', type), new Uint8Array(Buffer.from(message.replaceAll(' ', ''), 'hex'))).value;
const write = (type: Struct, value: unknown): string => hex(encoded(payloadCodec('protobuf', type), value));
const one = (type: Type): Struct => struct('One', { x: type });

function refuses(type: Struct, message: string, code: string, pointer?: string): void {
  assert.throws(
    () => read(type, message),
    (error) => {
      assert.ok(error instanceof IsthmusError);
      assert.equal(error.code, code);
      if (pointer !== undefined) assert.equal(error.fields[0]?.pointer, pointer);
      return true;
    },
    message,
  );
}

const Inner = struct('Inner', { a: i32(), b: list(i32()) });
const Outer = struct('Outer', { x: Inner, y: i32() });
const Shape = union('Shape', { left: Inner, right: struct('Right', { c: optional(i32()) }) });

test('what proto3 leaves out because it is 0, false or empty is left out, and is that', () => {
  const type = struct('S', { a: i32(), b: bool(), c: text(), d: bytes(), e: list(f64()), f: u64(), g: decimal(2) });
  const value = { a: 0, b: false, c: '', d: new Uint8Array(), e: [], f: 0n, g: '0.00' };
  assert.equal(write(type, value), '');
  assert.deepEqual(read(type, ''), value);
  assert.equal(write(one(f64()), { x: -0 }), '090000000000000080', '-0 is not 0');
});

test('optional fields, and those with a default, are seen to be there', () => {
  const type = struct('S', {
    a: optional(i32()),
    b: i32({ default: 5 }),
    c: optional(text()),
    d: optional(list(u8())),
  });
  assert.equal(write(type, { a: 0, b: 0, c: '', d: [] }), '0800 1000 1a00 2200'.replaceAll(' ', ''));
  assert.deepEqual(read(type, '0800 1000 1a00 2200'), { a: 0, b: 0, c: '', d: [] });
  assert.deepEqual(read(type, ''), { a: undefined, b: 5, c: undefined, d: undefined });
  assert.deepEqual(read(one(optional(array(u8(), 2))), '0a020102'), { x: [1, 2] });
  assert.deepEqual(read(one(optional(array(u8(), 2))), ''), { x: undefined });
});

test('what has no default in protobuf must be there', () => {
  refuses(one(Inner), '', 'HANDLER_FAULT', '/x');
  refuses(one(Shape), '', 'HANDLER_FAULT', '/x');
  refuses(one(Shape), '0a00', 'HANDLER_FAULT', '/x/kind');
  refuses(one(array(i32(), 2)), '', 'HANDLER_FAULT', '/x');
  refuses(one(bytes(2)), '', 'HANDLER_FAULT', '/x');
});

test('fields come in any order, unknown ones are ignored, the last value counts, and messages in parts are put together', () => {
  assert.deepEqual(read(Outer, '1002 0a020802'), { x: { a: 1, b: [] }, y: 1 });
  const unknown = '1a03616263 20ff01 2dffffffff 31ffffffffffffffff 3b08013c';
  assert.deepEqual(read(Outer, `0a00 ${unknown} 1002`), { x: { a: 0, b: [] }, y: 1 });
  assert.deepEqual(read(Outer, '0a020802 1002 1004 0a020804'), { x: { a: 2, b: [] }, y: 2 });
  assert.deepEqual(read(Outer, '0a050802120102 0a03120104'), { x: { a: 1, b: [1, 2] }, y: 0 });
  assert.deepEqual(read(Outer, '0a0408021004'), { x: { a: 1, b: [2] }, y: 0 }, 'lists that are not packed');
  assert.deepEqual(read(one(f64()), '0a0161'), { x: 0 }, 'another wire type is another field');
});

test('of a union the last member counts', () => {
  assert.deepEqual(read(one(Shape), '0a06 0a020802 1200'), { x: { kind: 'right', c: undefined } });
  assert.deepEqual(read(one(Shape), '0a08 1200 0a020802 0a00'), { x: { kind: 'left', a: 1, b: [] } });
});

test('64-bit integers are exact', () => {
  for (const x of [0n, 1n, -1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    assert.deepEqual(read(one(i64()), write(one(i64()), { x })), { x });
  }
  for (const x of [0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    assert.deepEqual(read(one(u64()), write(one(u64()), { x })), { x });
  }
  assert.equal(write(one(u64()), { x: 2n ** 64n - 1n }), '08ffffffffffffffffff01');
});

test('unknown values of open enumerations and flags', () => {
  const names = ['a', 'b'];
  const open = one(enumeration('E', names, { open: true }));
  assert.deepEqual(read(open, write(open, { x: 4_000_000_000 })), { x: 4_000_000_000 });
  assert.deepEqual(read(open, '0801'), { x: 'b' });
  refuses(one(enumeration('E', names)), '0802', 'HANDLER_FAULT', '/x');
  refuses(one(enumeration('E', names)), '08ffffffffffffffffff01', 'HANDLER_FAULT', '/x');
  for (const bits of [8, 64] as const) {
    assert.deepEqual(read(one(flags('F', names, { bits, open: true })), '0807'), { x: ['a', 'b'] });
    refuses(one(flags('F', names, { bits })), '0807', 'HANDLER_FAULT', '/x');
  }
  assert.deepEqual(read(one(flags('F', names, { bits: 64, open: true })), '08818080808010'), { x: ['a'] });
});

test('what does not fit the schema is named by its place', () => {
  refuses(one(u8()), '088002', 'HANDLER_FAULT', '/x');
  refuses(one(i32({ min: 0 })), '0801', 'HANDLER_FAULT', '/x');
  refuses(one(f64()), '09000000000000f87f', 'HANDLER_FAULT', '/x');
  refuses(one(f32()), '0d0000807f', 'HANDLER_FAULT', '/x');
  refuses(one(text(2)), '0a03616263', 'HANDLER_FAULT', '/x');
  refuses(one(text()), '0a0100', 'HANDLER_FAULT', '/x');
  refuses(one(bytes(2)), '0a0100', 'HANDLER_FAULT', '/x');
  refuses(one(list(u8(), { max: 1 })), '0a020101', 'HANDLER_FAULT', '/x');
  refuses(one(list(struct('S', { a: u8() }))), '0a00 0a03088002', 'HANDLER_FAULT', '/x/1/a');
});

test('what is no protobuf is a malformed message', () => {
  for (const message of [
    '0a',
    '0a05',
    '0800ff',
    '08ffffffffffffffffffff01',
    '00',
    '0e',
    '0b',
    '0b14',
    '0c',
    '0affffffff0f',
    'ffffffffffffffffff01',
    '3b'.repeat(1000) + '3c'.repeat(1000),
  ]) {
    refuses(one(i32()), message, 'MALFORMED_MESSAGE');
  }
  refuses(one(text()), '0a02fffe', 'MALFORMED_MESSAGE');
  refuses(one(Inner), '0a0208', 'MALFORMED_MESSAGE');
  refuses(one(Inner), '0a0108', 'MALFORMED_MESSAGE');
});
