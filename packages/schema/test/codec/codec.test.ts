import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  array,
  codecOf,
  emptyCodec,
  enumeration,
  f64,
  field,
  IsthmusError,
  i64,
  list,
  optional,
  struct,
  text,
  u8,
  u32,
} from '../../src/index.ts';
import { anyStructWithValue } from '../support/arbitrary.ts';
import { jsonOf } from '../support/forms.ts';
import { memoryOf, memoryWith } from '../support/memory.ts';
import { messageOf, valueIn } from '../support/messages.ts';
import { refusals } from '../support/refusals.ts';
import { spellingsOf } from '../support/spellings.ts';

test('what is encoded is decoded, in all forms, at any offset, and every byte of it is written', () => {
  fc.assert(
    fc.property(anyStructWithValue(), fc.integer({ min: 0, max: 9 }), ([type, value], offset) => {
      const codec = codecOf(type);
      const length = codec.encode(value as never, memoryOf(0), 0);
      assert.equal(codec.isFixed, !type.layout.hasTails);
      if (codec.isFixed) assert.equal(length, codec.size);
      else assert.ok(length >= codec.size);

      const memory = memoryOf(offset + length + 3);
      assert.equal(codec.encode(value as never, memory, offset), length);
      assert.deepEqual(codec.decode(memory, offset, length), value);
      const json = codec.decodeJson(memory, offset, length);
      assert.deepEqual(json, jsonOf(type, value));
      assert.equal(codec.decodeJsonText(memory, offset, length), JSON.stringify(json));

      const second = memoryWith(new Uint8Array(offset + length + 3).fill(0x55));
      assert.equal(codec.encodeJson(json, second, offset), length);
      const written = (bytes: Uint8Array) => bytes.subarray(offset, offset + length);
      assert.deepEqual(written(second.bytes), written(memory.bytes));
      assert.deepEqual([...memory.bytes.subarray(0, offset)], Array(offset).fill(0xaa));
      assert.deepEqual([...memory.bytes.subarray(offset + length)], [0xaa, 0xaa, 0xaa]);
    }),
    { numRuns: 300 },
  );
});

test('all ways to write a value give the same bytes', () => {
  const cases = anyStructWithValue().chain(([type, value]) => {
    const spellings = (form: 'native' | 'json') => spellingsOf(type, value, form);
    return fc.tuple(fc.constant(type), fc.constant(value), spellings('native'), spellings('json'));
  });
  fc.assert(
    fc.property(cases, ([type, value, native, json]) => {
      const codec = codecOf(type);
      const message = messageOf(codec, value);
      assert.deepEqual(messageOf(codec, native), message);
      assert.deepEqual(messageOf(codec, json, 'encodeJson'), message);
    }),
    { numRuns: 300 },
  );
});

test('what does not fit is measured, and nothing is written behind the memory', () => {
  const cases = fc.tuple(anyStructWithValue(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
  fc.assert(
    fc.property(cases, ([[type, value], share]) => {
      const codec = codecOf(type);
      const json = jsonOf(type, value);
      const length = codec.encode(value as never, memoryOf(0), 0);
      const room = Math.floor(share * length);
      const { bytes } = memoryOf(length + 8);
      const cut = { bytes: bytes.subarray(0, 2 + room), view: new DataView(bytes.buffer, 0, 2 + room) };
      assert.equal(codec.encode(value as never, cut, 2), length);
      assert.equal(codec.encodeJson(json, cut, 2), length);
      for (const outside of [bytes.subarray(0, 2), bytes.subarray(2 + room)]) {
        assert.ok(outside.every((byte) => byte === 0xaa));
      }
    }),
    { numRuns: 300 },
  );
});

test('a value is checked to its end although there is no room for it', () => {
  const codec = codecOf(struct('Page', { rows: list(struct('Row', { name: text(), kind: u8() })), last: u8() }));
  const rows = Array.from({ length: 50 }, (_, index) => ({ name: `row ${index}`, kind: index }));
  for (const room of [0, 20, 300, 700]) {
    const bad = { rows: rows.with(49, { name: '\0', kind: 0 }), last: 1 };
    assert.deepEqual(
      refusals(() => codec.encode(bad, memoryOf(room), 0)),
      ['/rows/49/name must be text, without NUL'],
    );
  }
});

test('a long list, wherever the room runs out', () => {
  const Row = struct('Row', { name: text(), marks: array(f64(), 4) });
  const codec = codecOf(struct('Page', { rows: list(Row), numbers: list(f64()) }));
  const rows = Array.from({ length: 4000 }, (_, index) => ({ name: `row ${index}`, marks: [index, 0, 0, 1] }));
  const value = { rows, numbers: Array.from({ length: 20_000 }, (_, index) => index) };
  const message = messageOf(codec, value);
  assert.deepEqual(valueIn(codec, message), value);
  for (const room of [0, 16, 100, 159_999, 170_000, message.length - 1]) {
    assert.equal(codec.encode(value, memoryOf(room), 0), message.length);
  }
});

test('tails lie depth first, aligned, text with a NUL behind it, and what is empty is nowhere', () => {
  const Row = struct('Row', { name: text(), marks: list(f64()) });
  const codec = codecOf(struct('Page', { title: text(), rows: list(Row), none: text(), last: text() }));
  const rows = [
    { name: 'ab', marks: [1] },
    { name: '', marks: [] },
    { name: 'c', marks: [2, 3] },
  ];
  const { bytes, view } = memoryWith(messageOf(codec, { title: 'xyz', rows, none: '', last: 'e' }));
  const span = (at: number) => [view.getUint32(at, true), view.getUint32(at + 4, true)];
  const fixed = 32;
  // The title and its NUL, then rows at the next multiple of 4.
  assert.deepEqual(span(0), [fixed, 3]);
  assert.deepEqual(span(8), [36, 3]);
  const [first, second, third] = [36, 52, 68];
  assert.deepEqual(
    [span(first), span(first + 8)],
    [
      [84, 2],
      [88, 1],
    ],
  );
  assert.deepEqual(
    [span(second), span(second + 8)],
    [
      [0, 0],
      [0, 0],
    ],
  );
  assert.deepEqual(
    [span(third), span(third + 8)],
    [
      [96, 1],
      [104, 2],
    ],
  );
  assert.deepEqual(span(16), [0, 0]);
  assert.deepEqual(span(24), [120, 1]);
  assert.equal(bytes.length, 122);
  assert.equal(Buffer.from(bytes.subarray(32, 36)).toString('latin1'), 'xyz\0');
  assert.equal(Buffer.from(bytes.subarray(84, 88)).toString('latin1'), 'ab\0\0');
  assert.equal(Buffer.from(bytes.subarray(96, 104)).toString('latin1'), 'c\0\0\0\0\0\0\0');
  assert.equal(Buffer.from(bytes.subarray(120)).toString('latin1'), 'e\0');
});

test('presence bits: 32 to a word, in order of declaration', () => {
  const fields = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`f${index}`, optional(u8())]));
  const type = struct('Many', fields);
  const codec = codecOf(type);
  const message = messageOf(codec, { f0: 7, f31: 0, f32: 9 });
  const { view } = memoryWith(message);
  const [first = 0, second = 0] = type.layout.presence;
  assert.equal(view.getUint32(first, true), 0x8000_0001);
  assert.equal(view.getUint32(second, true), 1);
  const absent = Object.fromEntries(Object.keys(fields).map((name) => [name, undefined]));
  assert.deepEqual(valueIn(codec, message), { ...absent, f0: 7, f31: 0, f32: 9 });
  assert.deepEqual(valueIn(codec, message, 'decodeJson'), { f0: 7, f31: 0, f32: 9 });
});

test('fields with a default may be left out or undefined, and are there when decoded', () => {
  const Side = enumeration('Side', ['buy', 'sell']);
  const codec = codecOf(
    struct('Order', {
      side: field(Side, { default: 'sell' }),
      n: i64({ default: -3n }),
      zero: f64({ default: -0 }),
      note: text({ default: 'x' }),
      rows: list(u8(), { default: 'empty' }),
    }),
  );
  const whole = { side: 'sell', n: -3n, zero: -0, note: 'x', rows: [] };
  for (const given of [{}, { side: undefined, note: undefined }]) {
    const message = messageOf(codec, given);
    assert.deepEqual(valueIn(codec, message), whole);
    assert.deepEqual(messageOf(codec, given, 'encodeJson'), message);
  }
});

test('memory that is not there is a RangeError in reading, and an offset that is none in writing', () => {
  for (const codec of [codecOf(struct('Fixed', { n: u32() })), codecOf(struct('Tailed', { n: u32(), note: text() }))]) {
    const size = codec.size;
    const value = { n: 1, note: '' } as never;
    assert.throws(() => codec.decode(memoryOf(size - 1), 0, size), RangeError);
    assert.throws(() => codec.decode(memoryOf(size), 1, size), RangeError);
    assert.throws(() => codec.decode(memoryOf(size), -1, size), RangeError);
    assert.throws(() => codec.decode(memoryOf(size), 0, Number.NaN), RangeError);
    assert.throws(() => codec.view(memoryOf(size - 1), 0, size), RangeError);
    assert.throws(
      () => codec.encode({ n: 1, ...(codec.isFixed ? {} : { note: '' }) } as never, memoryOf(size), -1),
      RangeError,
    );
    assert.throws(() => codec.encode(value, memoryOf(size), Number.NaN), RangeError);
  }
});

test('a value that changes while it is read is refused or encoded, but never beyond its memory', () => {
  const Row = struct('Row', { name: text(), data: list(u8()) });
  const codec = codecOf(struct('Page', { rows: list(Row), more: list(u32()) }));
  const moods = fc.infiniteStream(fc.nat(4));
  fc.assert(
    fc.property(moods, fc.integer({ min: 0, max: 80 }), (stream, room) => {
      const mood = () => stream.next().value ?? 0;
      // Arrays whose length and elements are different each time.
      const fickle = (element: () => unknown): unknown => {
        return new Proxy([], {
          get: (target, key) => {
            if (key === 'length') return [0, 3, -1, 1.5, 2 ** 32][mood()];
            return typeof key === 'string' && /^\d+$/.test(key) ? element() : Reflect.get(target, key);
          },
        });
      };
      const value = {
        rows: fickle(() => ({
          get name() {
            return ['', 'a', 'abcdefgh'.repeat(mood()), 5, '\ud800'][mood()];
          },
          data: fickle(() => [1, 2, 300, 'x', 0][mood()]),
        })),
        get more() {
          return [[], [1], [1, 2, 3], 'x', [undefined]][mood()];
        },
      };
      const whole = memoryOf(room + 16);
      const memory = { bytes: whole.bytes.subarray(8, 8 + room), view: new DataView(whole.bytes.buffer, 8, room) };
      try {
        const length = codec.encode(value as never, memory, 0);
        if (length <= room) codec.decode(memory, 0, length);
      } catch (error) {
        assert.ok(error instanceof IsthmusError, String(error));
        assert.equal(error.code, 'INVALID_INPUT');
      }
      assert.ok(whole.bytes.subarray(0, 8).every((byte) => byte === 0xaa));
      assert.ok(whole.bytes.subarray(8 + room).every((byte) => byte === 0xaa));
    }),
    { numRuns: 500 },
  );
});

test('encoding while encoding: a getter may use the same codec', () => {
  const codec = codecOf(struct('Pair', { a: text(), b: text() }));
  const inner = memoryOf(64);
  const value = {
    a: 'first',
    get b() {
      codec.encode({ a: 'x'.repeat(100), b: 'y' }, inner, 0);
      return 'second';
    },
  };
  const memory = memoryOf(64);
  const length = codec.encode(value, memory, 0);
  assert.deepEqual(codec.decode(memory, 0, length), { a: 'first', b: 'second' });
});

test('wide and deep types', () => {
  const wide = struct('Wide', Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`f${index}`, u8()])));
  const value = Object.fromEntries(Object.keys(wide.fields).map((name, index) => [name, index % 256]));
  assert.deepEqual(valueIn(codecOf(wide), messageOf(codecOf(wide), value)), value);

  let type = struct('L0', { x: u8(), note: text() });
  let given: unknown = { x: 1, note: 'deep' };
  for (let level = 1; level < 16; level++) {
    type = struct(`L${level}`, { next: list(type) }) as never;
    given = { next: [given] };
  }
  const codec = codecOf(type);
  const deep = messageOf(codec, given);
  for (const form of ['decode', 'decodeJson'] as const) assert.deepEqual(valueIn(codec, deep, form), given);
});

test('nothing of what is decoded refers to the memory, and it is no Buffer', () => {
  fc.assert(
    fc.property(anyStructWithValue(), ([type, value]) => {
      const codec = codecOf(type);
      const buffer = Buffer.from(messageOf(codec, value));
      const memory = { bytes: buffer, view: new DataView(buffer.buffer, buffer.byteOffset, buffer.length) };
      const decoded = codec.decode(memory, 0, buffer.length);
      buffer.fill(0xff);
      assert.deepEqual(decoded, value);
    }),
  );
});

test('a struct has one codec, and only a sound one has', () => {
  const type = struct('Box', { value: u8() });
  assert.equal(codecOf(type), codecOf(type));
  const bad = struct('Box', { value: u8({ min: 5, max: 4 }) });
  assert.throws(() => codecOf(bad), { code: 'SCHEMA_INVALID' });
});

test('types that only differ in their description share what was compiled, and each its own default', () => {
  const Kind = enumeration('Kind', ['a', 'b']);
  const Inner = struct('Inner', { kind: field(Kind, { default: 'b' }), x: f64() });
  const type = struct('Outer', {
    one: field(Inner, { description: 'one' }),
    two: Inner,
    kind: field(Kind, { default: 'a' }),
  });
  const codec = codecOf(type);
  const message = messageOf(codec, { one: { x: 1 }, two: { x: 2 } });
  assert.deepEqual(valueIn(codec, message), {
    one: { kind: 'b', x: 1 },
    two: { kind: 'b', x: 2 },
    kind: 'a',
  });
});

test('the empty codec takes nothing', () => {
  for (const nothing of [undefined, null, {}]) assert.equal(emptyCodec.encodeJson(nothing, memoryOf(0), 0), 0);
  for (const something of [{ a: 1 }, [], 0, '']) {
    assert.equal(refusals(() => emptyCodec.encodeJson(something, memoryOf(0), 0)).length, 1);
  }
  assert.equal(emptyCodec.decode(memoryOf(0), 0, 0), undefined);
  for (const read of [emptyCodec.decode, emptyCodec.decodeJson, emptyCodec.decodeJsonText, emptyCodec.view]) {
    assert.throws(() => read(memoryOf(1), 0, 1), { code: 'MALFORMED_MESSAGE' });
  }
});
