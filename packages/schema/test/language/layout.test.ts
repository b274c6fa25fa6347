import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  array,
  bool,
  bytes,
  decimal,
  enumeration,
  type Fields,
  f64,
  flags,
  i8,
  i16,
  i64,
  list,
  optional,
  type Struct,
  type StructOptions,
  struct,
  text,
  timestamp,
  u8,
  u16,
  u32,
  union,
} from '../../src/index.ts';
import { alignOf, sizeOf } from '../../src/language/layout.ts';
import { anyStruct } from '../support/arbitrary.ts';

/** Names and offsets, and the size and alignment of the whole. */
function placesOf({ layout }: Struct): string {
  const fields = layout.fields.map(({ name, offset }) => `${name} ${offset}`);
  return `${fields.join(', ')}; ${layout.size}, ${layout.align}`;
}

const places = (fields: Fields, options?: StructOptions) => placesOf(struct('Box', fields, options));

test('fields lie where C puts them', () => {
  const inner = struct('Inner', { a: i16(), b: u32() });
  assert.equal(
    places({ flag: bool(), name: text(2), inner, small: i8(), big: i64(), last: u16() }),
    'flag 0, name 1, inner 4, small 12, big 16, last 24; 32, 8',
  );
  assert.equal(
    places({ a: u8(), price: decimal(2), b: u8(), at: timestamp(), kind: enumeration('Kind', ['x']) }),
    'a 0, price 8, b 16, at 24, kind 32; 40, 8',
  );
  const bits = ([8, 16, 32, 64] as const).map((count): [string, Fields[string]] => [
    `f${count}`,
    flags(`F${count}`, ['a'], { bits: count }),
  ]);
  assert.equal(places(Object.fromEntries(bits)), 'f8 0, f16 2, f32 4, f64 8; 16, 8');
});

test('arrays and bytes lie in the struct, tails leave 8 bytes in it', () => {
  assert.equal(
    places({ a: u8(), b: array(u16(), 3), c: bytes(3), d: array(array(f64(), 2), 2) }),
    'a 0, b 2, c 8, d 16; 48, 8',
  );
  assert.equal(
    places({ a: u8(), note: text(), b: u8(), rows: list(f64()), raw: bytes() }),
    'a 0, note 4, b 12, rows 16, raw 24; 32, 4',
  );
  // An array of a struct keeps each element aligned.
  assert.equal(places({ a: u8(), b: array(struct('Pair', { x: f64(), y: u8() }), 2) }), 'a 0, b 8; 40, 8');
});

test('packed fields have no gaps, and align holds for the whole', () => {
  const fields = { a: u8(), b: f64(), c: u16() };
  assert.equal(places(fields, { packed: true }), 'a 0, b 1, c 9; 11, 1');
  assert.equal(places(fields, { align: 32 }), 'a 0, b 8, c 16; 32, 32');
  assert.equal(places(fields, { align: 2 }), 'a 0, b 8, c 16; 24, 8');
  assert.equal(places(fields, { packed: true, align: 4 }), 'a 0, b 1, c 9; 12, 4');
  // What is packed keeps its form inside of others, and others keep theirs inside of it.
  const packed = struct('Packed', fields, { packed: true });
  assert.equal(places({ a: u8(), packed, b: u16() }), 'a 0, packed 1, b 12; 14, 2');
  assert.equal(places({ a: u8(), inner: struct('Inner', fields) }, { packed: true }), 'a 0, inner 1; 25, 1');
  assert.equal(places({ a: u8(), page: struct('Page', { x: u8() }, { align: 64 }) }), 'a 0, page 64; 128, 64');
});

test('a union is a number and room for its largest variant', () => {
  const circle = struct('Circle', { radius: f64() });
  const tiny = struct('Tiny', { x: u8() });
  const places = (variants: Record<string, Struct>) => {
    const { size, align, offset } = union('Shape', variants).layout;
    return [offset, size, align];
  };
  assert.deepEqual(places({ tiny }), [4, 8, 4]);
  assert.deepEqual(places({ tiny, circle }), [8, 16, 8]);
  assert.deepEqual(places({ circle, text: struct('Text', { x: text(9) }) }), [8, 24, 8]);
  assert.deepEqual(places({ tiny, page: struct('Page', { x: u8() }, { align: 64 }) }), [64, 128, 64]);
});

test('a word of presence bits comes before the 1st, 33rd, .. optional field', () => {
  const { layout } = struct('Box', { a: u8(), b: optional(u8()), c: f64(), d: optional(f64()) });
  assert.deepEqual(layout.presence, [4]);
  assert.deepEqual(
    layout.fields.map(({ name, type, offset, presence }) => [name, type.kind, offset, presence?.offset, presence?.bit]),
    [
      ['a', 'u8', 0, undefined, undefined],
      ['b', 'u8', 8, 4, 0],
      ['c', 'f64', 16, undefined, undefined],
      ['d', 'f64', 24, 4, 1],
    ],
  );
  const many = (count: number) => {
    return struct(
      'Many',
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, optional(u8())])),
    );
  };
  assert.deepEqual(many(65).layout.presence, [0, 36, 72]);
  const { fields } = many(65).layout;
  assert.deepEqual(
    [fields[31], fields[32], fields[64]].map((field) => field?.presence),
    [
      { offset: 0, word: 0, bit: 31 },
      { offset: 36, word: 1, bit: 0 },
      { offset: 72, word: 2, bit: 0 },
    ],
  );
});

test('in every layout nothing overlaps, and each part is aligned', () => {
  fc.assert(
    fc.property(anyStruct(), ({ packed, layout }) => {
      const words = layout.presence.map((offset) => ({ offset, size: 4, align: 4 }));
      const fields = layout.fields.map(({ type, offset, size }) => ({ offset, size, align: alignOf(type) }));
      const parts = [...words, ...fields].sort((a, b) => a.offset - b.offset);
      let end = 0;
      for (const { offset, size, align } of parts) {
        const gap = offset - end;
        assert.ok(packed ? gap === 0 : gap >= 0 && gap < align && offset % align === 0);
        assert.ok(packed || layout.align >= align);
        end = offset + size;
      }
      assert.ok(layout.size >= end && layout.size - end < layout.align);
      assert.equal(layout.size % layout.align, 0);
      for (const { type, size } of layout.fields) assert.equal(size, sizeOf(type));
    }),
  );
});

test('a field that is appended moves nothing', () => {
  fc.assert(
    fc.property(anyStruct(), anyStruct(), fc.boolean(), ({ fields, packed }, added, isOptional) => {
      const before = struct('Before', fields, { packed });
      const after = struct('After', { ...fields, appended: isOptional ? optional(added) : added }, { packed });
      assert.deepEqual(
        after.layout.fields.slice(0, -1).map(({ name, offset }) => [name, offset]),
        before.layout.fields.map(({ name, offset }) => [name, offset]),
      );
      assert.deepEqual(after.layout.presence.slice(0, before.layout.presence.length), before.layout.presence);
    }),
  );
});

test('what is made is frozen through and through', () => {
  const frozen = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    assert.ok(Object.isFrozen(value), JSON.stringify(Object.keys(value)));
    Object.values(value).forEach(frozen);
  };
  fc.assert(fc.property(anyStruct(), frozen));
});
