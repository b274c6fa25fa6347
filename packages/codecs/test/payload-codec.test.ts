import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytes,
  type CodecName,
  codecOf,
  emptyCodec,
  f64,
  IsthmusError,
  list,
  optional,
  struct,
  text,
  u8,
  u32,
} from '@isthmus/schema';
import fc from 'fast-check';
import { anyStructWithValue } from '../../schema/test/support/arbitrary.ts';
import { jsonOf } from '../../schema/test/support/forms.ts';
import { memoryOf, memoryWith } from '../../schema/test/support/memory.ts';
import { payloadCodec } from '../src/index.ts';
import { decoded, encoded, jsonEncoded } from './support/forms.ts';

const formats: readonly Exclude<CodecName, 'struct'>[] = ['protobuf', 'msgpack', 'json'];

for (const name of formats) {
  test(`${name}: any value of any struct comes back in every form`, () => {
    fc.assert(
      fc.property(anyStructWithValue(), ([type, value]) => {
        const codec = payloadCodec(name, type);
        const message = encoded(codec, value);
        const json = jsonOf(type, value);
        assert.deepEqual(jsonEncoded(codec, json), message, 'the JSON form makes the same message');
        const read = decoded(codec, message);
        // JSON text is as JSON.stringify writes it, which has no -0.
        const arrived = name === 'json' ? withoutMinusZero(value) : value;
        assert.deepEqual(read.value, arrived);
        assert.deepEqual(read.view, arrived);
        assert.deepEqual(read.json, jsonOf(type, arrived));
        assert.equal(read.text, JSON.stringify(read.json));
      }),
    );
  });

  test(`${name}: defaults are filled in, in writing and in reading`, () => {
    const type = struct('S', { a: u8({ default: 7 }), b: optional(u8()), c: list(u8(), { default: 'empty' }) });
    const codec = payloadCodec(name, type);
    const value = { a: 7, b: undefined, c: [] };
    assert.deepEqual(decoded(codec, encoded(codec, {})).value, value);
    const nothing = { protobuf: '', msgpack: '\x80', json: '{}' }[name];
    assert.deepEqual(decoded(codec, Buffer.from(nothing, 'latin1')).value, value);
  });

  test(`${name}: a value that does not fit is refused before anything is written`, () => {
    const type = struct('S', { a: u8(), rows: list(struct('Row', { name: text({ max: 3 }) })) });
    const codec = payloadCodec(name, type);
    const memory = memoryOf(64);
    for (const write of [codec.encode, codec.encodeJson]) {
      assert.throws(
        () => write({ a: 256, rows: [{ name: 'abc' }, { name: 'abcd' }], more: 1 }, memory, 0),
        (error) => {
          assert.ok(error instanceof IsthmusError);
          assert.equal(error.code, 'INVALID_INPUT');
          assert.deepEqual(error.fields.map(({ pointer }) => pointer).sort(), ['/a', '/more', '/rows/1/name']);
          return true;
        },
      );
    }
    assert.ok(memory.bytes.every((byte) => byte === 0xaa));
  });

  test(`${name}: a getter that writes another message meanwhile does no harm`, () => {
    const type = struct('S', { a: text(), b: text() });
    const codec = payloadCodec(name, type);
    const inner = { a: 'inner'.repeat(100), b: 'x' };
    const sly = {
      a: 'first',
      get b() {
        return decoded(codec, encoded(codec, inner)).text.slice(0, 9);
      },
    };
    assert.deepEqual(decoded(codec, encoded(codec, sly)).value, { a: 'first', b: '{"a":"inn' });
  });

  test(`${name}: large messages, and small ones after them`, () => {
    const type = struct('S', { rows: list(f64()), note: text() });
    const codec = payloadCodec(name, type);
    for (const count of [300_000, 2, 1000]) {
      const value = { rows: Array.from({ length: count }, (_, index) => index / 3), note: 'é'.repeat(count) };
      const memory = memoryOf(count * 40 + 100);
      const size = codec.encode(value, memory, 8);
      assert.deepEqual(codec.decode(memory, 8, size), value);
    }
  });

  test(`${name}: memory that ends before the message is a mistake of the caller`, () => {
    const codec = payloadCodec(name, struct('S', { a: u32() }));
    for (const [offset, length] of [
      [0, 5],
      [4, 1],
      [-1, 1],
      [0, -1],
      [Number.NaN, 1],
    ] as const) {
      assert.throws(() => codec.decode(memoryWith(new Uint8Array(4)), offset, length), RangeError);
    }
  });
}

function withoutMinusZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutMinusZero(field)]));
}

test('a codec is made once, and payloads without form are the same in every codec', () => {
  const type = struct('S', { a: u8() });
  assert.equal(payloadCodec('struct', type), codecOf(type));
  for (const name of formats) {
    assert.equal(payloadCodec(name, type), payloadCodec(name, type));
    assert.equal(payloadCodec(name, undefined), emptyCodec);
    const raw = new Uint8Array([1, 2, 3]);
    assert.deepEqual(encoded(payloadCodec(name, bytes()), raw), raw);
  }
  assert.throws(() => payloadCodec('json', struct('lower', { a: u8() })), { code: 'SCHEMA_INVALID' });
});
