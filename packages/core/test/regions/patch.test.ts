import assert from 'node:assert/strict';
import { it } from 'node:test';
import { codecOf, type InferInput, optional, struct, text, u32 } from '@isthmus/schema';
import fc from 'fast-check';
import { patched } from '../../src/regions/patch.ts';

/** A row as another version of the schema has it: with a field that is not known here. */
const Inner = struct('Inner', { known: u32(), more: optional(u32()) });
const Theirs = struct('Row', { name: text(7), note: optional(u32()), extra: optional(u32()), inner: Inner });

type Row = InferInput<typeof Theirs>;

function bytesOf(row: Row, junk = 0): Uint8Array {
  const bytes = new Uint8Array(codecOf(Theirs).size);
  codecOf(Theirs).encode(row, { bytes, view: new DataView(bytes.buffer) }, 0);
  // What lies behind a text's NUL may be anything.
  bytes.fill(junk, Buffer.byteLength(row.name) + 1, 8);
  return bytes;
}

const names = fc.string({ unit: 'grapheme-ascii', maxLength: 7 });
const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const numbers = fc.option(number, { nil: undefined });
const known = fc.record({ name: names, note: numbers, inner: fc.record({ known: number }) });

it('changes what is known, and leaves what is not', () => {
  fc.assert(
    fc.property(known, known, numbers, fc.integer({ min: 0, max: 255 }), (from, to, extra, junk) => {
      const old = { ...from, extra, inner: { ...from.inner, more: extra } };
      const bytes = patched(Theirs, bytesOf(old, junk), bytesOf(from), bytesOf(to));
      const read = codecOf(Theirs).decode({ bytes, view: new DataView(bytes.buffer) }, 0, bytes.length);
      assert.deepEqual(read, { ...to, extra, inner: { ...to.inner, more: extra } });
    }),
  );
});
