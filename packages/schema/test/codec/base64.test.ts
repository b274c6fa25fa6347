import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { base64Bytes, readBase64, writeBase64 } from '../../src/codec/base64.ts';

/** What a string decodes to; `undefined` for what is refused. */
function decoded(value: string): Uint8Array | undefined {
  const size = base64Bytes(value);
  const bytes = new Uint8Array(Math.max(size, 0) + 2).fill(0xaa);
  const isGood = writeBase64(bytes, 1, value);
  assert.equal(writeBase64(undefined, 0, value), isGood);
  assert.equal(bytes[0], 0xaa);
  assert.equal(bytes.at(-1), 0xaa);
  return isGood ? bytes.subarray(1, -1) : undefined;
}

test('the vectors of RFC 4648, section 10', () => {
  const vectors = {
    '': '',
    f: 'Zg==',
    fo: 'Zm8=',
    foo: 'Zm9v',
    foob: 'Zm9vYg==',
    fooba: 'Zm9vYmE=',
    foobar: 'Zm9vYmFy',
  };
  for (const [plain, coded] of Object.entries(vectors)) {
    const bytes = new TextEncoder().encode(plain);
    assert.equal(readBase64(bytes, 0, bytes.length), coded);
    assert.deepEqual(decoded(coded), bytes);
  }
});

test('as Buffer has it, for bytes of any number and place', () => {
  const lengths = fc.oneof(
    { weight: 9, arbitrary: fc.nat(100) },
    { weight: 1, arbitrary: fc.integer({ min: 12_000, max: 26_000 }) },
  );
  fc.assert(
    fc.property(lengths, fc.nat(3), fc.nat(), (length, from, seed) => {
      const bytes = Uint8Array.from({ length: length + from }, (_, index) => (index * 31 + seed * (index >> 3)) & 255);
      const coded = Buffer.from(bytes.subarray(from)).toString('base64');
      assert.equal(readBase64(bytes, from, bytes.length), coded);
      assert.deepEqual(decoded(coded), bytes.subarray(from));
    }),
    { numRuns: 300 },
  );
});

test('only the canonical spelling is taken', () => {
  const characters = fc.constantFrom(...'ABCQgwxyz09+/=-_ \n.é');
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 13 }), (value) => {
      const bytes = Buffer.from(value, 'base64');
      const isCanonical = bytes.toString('base64') === value;
      assert.deepEqual(decoded(value), isCanonical ? new Uint8Array(bytes) : undefined);
    }),
    { numRuns: 5000 },
  );
  const others = [
    'Zg',
    'Zg=',
    'Zh==',
    'Zm9=',
    'Zg==Zg==',
    '=',
    '====',
    'Z===',
    'Zm8-',
    'Zm8_',
    'Zm 9v',
    '\nZm9v',
    'Zm9v\u0141===',
    'ｆｏｏ=',
  ];
  for (const value of others) assert.equal(decoded(value), undefined, value);
});
