import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from '../../src/from-c/byte-reader.ts';

const unreadable = { code: 'BUILD_FAILED' };

/** As DWARF's appendix C describes it: seven bits a byte, until what is left is only the sign. */
function leb(value: bigint, signed: boolean): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = signed ? (rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40) : rest === 0n;
    bytes.push(done ? byte : byte | 0x80);
    if (done) return Uint8Array.from(bytes);
  }
}

test('reads the LEB128 numbers of the DWARF standard', () => {
  for (const [bytes, value] of [
    [[2], 2n],
    [[127], 127n],
    [[0x80, 1], 128n],
    [[0xb9, 0x64], 12857n],
  ] as const) {
    assert.equal(new ByteReader(Uint8Array.from(bytes), 'it').uleb(), value);
  }
  for (const [bytes, value] of [
    [[2], 2n],
    [[0x7e], -2n],
    [[0xff, 0], 127n],
    [[0x81, 0x7f], -127n],
    [[0x80, 0x7f], -128n],
  ] as const) {
    assert.equal(new ByteReader(Uint8Array.from(bytes), 'it').sleb(), value);
  }
});

test('reads every 64-bit number back from LEB128', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      (a, b) => {
        const first = leb(a, false);
        const reader = new ByteReader(Buffer.concat([first, leb(b, true)]), 'it');
        assert.equal(reader.uleb(), a);
        assert.equal(reader.position, first.length);
        assert.equal(reader.sleb(), b);
      },
    ),
  );
});

test('reads numbers and strings one after the other', () => {
  const bytes = Buffer.from([1, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x62, 0, 9, 8]);
  const reader = new ByteReader(bytes, 'it');
  assert.deepEqual([reader.u8(), reader.u16(), reader.u32(), reader.u64()], [1, 2, 3, 4n]);
  assert.equal(reader.string(), 'ab');
  assert.deepEqual([...reader.take(2)], [9, 8]);
  assert.throws(() => reader.u8(), unreadable);
});

test('never reads past the end', () => {
  const three = new Uint8Array([0x80, 0x80, 0x80]);
  for (const read of [
    (reader: ByteReader) => reader.u32(),
    (reader: ByteReader) => reader.u64(),
    (reader: ByteReader) => reader.take(4),
    (reader: ByteReader) => reader.skip(2 ** 53),
    (reader: ByteReader) => reader.string(),
    (reader: ByteReader) => reader.uleb(),
  ]) {
    assert.throws(() => read(new ByteReader(three, 'it')), unreadable);
    assert.throws(() => read(new ByteReader(three, 'it', 1000)), unreadable);
  }
  assert.throws(() => new ByteReader(new Uint8Array(20).fill(0x80), 'it').uleb(), { detail: /more than 64 bits/ });
  assert.throws(() => new ByteReader(new Uint8Array(8).fill(0xff), 'it').size(), unreadable);
  assert.throws(() => new ByteReader(leb(2n ** 60n, false), 'it').count(), unreadable);
});
