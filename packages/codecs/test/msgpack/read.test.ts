import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, i64, list, service, struct, u8, union } from '@isthmus/schema';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { anyStructWithValue } from '../../../schema/test/support/arbitrary.ts';
import { payloadCodec } from '../../src/index.ts';
import { inOrderReader } from '../../src/msgpack/read.ts';
import { decoded, encoded } from '../support/forms.ts';

test('what is in the order of the schema is read at once', () => {
  fc.assert(
    fc.property(anyStructWithValue(), ([type, value]) => {
      const message = encoded(payloadCodec('msgpack', type), value);
      assert.deepEqual(inOrderReader(type)(message), value);
    }),
  );
});

test('in any other order it is read as well', () => {
  fc.assert(
    fc.property(anyStructWithValue(), ([type, value]) => {
      const codec = payloadCodec('msgpack', type);
      const message = encoded(codec, value);
      const reversed = encode(backwards(decode(message, { useBigInt64: true })), { useBigInt64: true });
      const inOrder = encode(decode(message, { useBigInt64: true }), { useBigInt64: true });
      assert.deepEqual(decoded(codec, reversed).value, decoded(codec, inOrder).value);
    }),
  );
});

function backwards(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(backwards);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, field]) => [key, backwards(field)]),
  );
}

test('what is not is left to the general reader', () => {
  const Inner = struct('Inner', { a: i64() });
  const type = struct('S', { x: list(Inner), y: u8(), z: union('U', { one: Inner }) });
  const read = inOrderReader(type);
  const right = { x: [{ a: 1 }], y: 1, z: { kind: 'one', a: 2 } };
  assert.deepEqual(read(encode(right)), { x: [{ a: 1n }], y: 1, z: { kind: 'one', a: 2n } });
  assert.equal(read(encode({ y: 1, x: [], z: right.z })), undefined);
  assert.equal(read(encode({ ...right, more: 1 })), undefined);
  assert.equal(read(encode({ ...right, x: { a: 1 } })), undefined);
  assert.equal(read(encode({ ...right, x: [1] })), undefined);
  assert.equal(read(encode({ ...right, z: { kind: 'two', a: 2 } })), undefined);
  assert.equal(read(encode({ ...right, z: { a: 2, kind: 'one' } })), undefined);
  assert.equal(read(encode({ ...right, z: [] })), undefined);
  assert.equal(read(encode(right).subarray(0, -1)), undefined);
  assert.equal(read(new Uint8Array([...encode(right), 0])), undefined);
  assert.equal(read(new Uint8Array()), undefined);
});

test('names of fields go into source text; the schema language takes none that could be more than a name', () => {
  const type = struct('S', { 'a = 1, b': u8() });
  assert.throws(() => service('svc', { take: call({ input: type }) }), { code: 'SCHEMA_INVALID' });
  assert.throws(() => payloadCodec('msgpack', type), { code: 'SCHEMA_INVALID' });
});
