import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, codecOf, f64, optional, struct, text, u8, u16, u32, union } from '@isthmus/schema';
import fc from 'fast-check';
import { changedParts } from '../../src/segments/changed-parts.ts';

const Inner = struct('Inner', { small: u8(), large: f64() });
const Outer = struct('Outer', {
  first: u16(),
  name: text(6),
  inner: Inner,
  list: array(u16(), 3),
  pairs: array(Inner, 2),
  maybe: optional(u32()),
  either: union('Either', { one: struct('One', { a: u8() }), two: struct('Two', { b: f64() }) }),
});
const { size } = Outer.layout;

const inner = fc.record({ small: fc.nat(255), large: fc.double({ noNaN: true, noDefaultInfinity: true }) });
const outer = fc.record({
  first: fc.nat(65_535),
  name: fc.string({ maxLength: 6, unit: 'grapheme-ascii' }),
  inner,
  list: fc.tuple(fc.nat(65_535), fc.nat(65_535), fc.nat(65_535)),
  pairs: fc.tuple(inner, inner),
  maybe: fc.option(fc.nat(), { nil: undefined }),
  either: fc.oneof(
    fc.record({ kind: fc.constant('one' as const), a: fc.nat(255) }),
    fc.record({ kind: fc.constant('two' as const), b: fc.integer() }),
  ),
});

function bytesOf(value: Parameters<ReturnType<typeof codecOf<typeof Outer>>['encode']>[0]): Uint8Array {
  const bytes = new Uint8Array(size);
  codecOf(Outer).encode(value, { view: new DataView(bytes.buffer), bytes }, 0);
  return bytes;
}

const zero = {
  first: 0,
  name: '',
  inner: { small: 0, large: 0 },
  list: [0, 0, 0],
  pairs: [
    { small: 0, large: 0 },
    { small: 0, large: 0 },
  ],
  maybe: undefined,
  either: { kind: 'one', a: 0 },
} as const;

describe('changedParts', () => {
  it('finds what must be written to make one value of another, and nothing that is the same', () => {
    fc.assert(
      fc.property(outer, outer, (one, other) => {
        const before = bytesOf(one);
        const after = bytesOf(other);
        const parts = changedParts(Outer, before, after);
        const made = before.slice();
        for (const { offset, size: length } of parts) {
          const piece = after.subarray(offset, offset + length);
          assert.notDeepEqual(made.subarray(offset, offset + length), piece);
          made.set(piece, offset);
        }
        assert.deepEqual(made, after);
      }),
    );
  });

  it('names the fields', () => {
    const changed = {
      ...zero,
      name: 'x',
      inner: { small: 1, large: 0 },
      list: [0, 0, 9],
      pairs: [zero.inner, { small: 0, large: 2 }],
    };
    assert.deepEqual(
      changedParts(Outer, bytesOf(zero), bytesOf(changed)).map(({ path, size: length }) => [path, length]),
      [
        ['name', 7],
        ['inner.small', 1],
        ['list[2]', 2],
        ['pairs[1].large', 8],
      ],
    );
  });

  it('has the bit of an optional field after the field', () => {
    const parts = changedParts(Outer, bytesOf(zero), bytesOf({ ...zero, maybe: 7 }));
    assert.deepEqual(
      parts.map(({ path }) => path),
      ['maybe', 'optional fields'],
    );
  });

  it('leaves padding alone', () => {
    const padded = bytesOf(zero);
    // Between small and large of inner.
    padded[(Outer.layout.fields[2]?.offset ?? 0) + 3] = 0xaa;
    assert.deepEqual(changedParts(Outer, padded, bytesOf(zero)), []);
  });
});
