import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bigintFromJson, decimalTextAt, halvesOf, joined, signedText, unsignedText } from '../../src/codec/int64.ts';
import { decimalText, decimalUnits } from '../../src/index.ts';

const exact = 2n ** 53n;
const signed = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt(-5000n, 5000n),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, -exact - 1n, -exact, -exact + 1n, exact - 1n, exact, exact + 1n),
);

test('halves and what they make', () => {
  fc.assert(
    fc.property(signed, (value) => {
      const { high, low } = halvesOf(value);
      assert.equal(BigInt(joined(high, low)), value);
      assert.equal(BigInt(joined(high >>> 0, low)), BigInt.asUintN(64, value));
    }),
    { numRuns: 1000 },
  );
});

test('digits of what is in memory, in both byte orders', () => {
  fc.assert(
    fc.property(signed, fc.boolean(), fc.integer({ min: 0, max: 18 }), (value, isLittleEndian, scale) => {
      const view = new DataView(new ArrayBuffer(16));
      view.setBigInt64(5, value, isLittleEndian);
      assert.equal(signedText(view, 5, isLittleEndian), String(value));
      assert.equal(unsignedText(view, 5, isLittleEndian), String(BigInt.asUintN(64, value)));
      const text = decimalTextAt(view, 5, isLittleEndian, scale);
      assert.equal(text, decimalText(value, scale));
      assert.equal(decimalUnits(text, scale), value);
    }),
    { numRuns: 1000 },
  );
});

test('what JSON may say for a 64-bit integer', () => {
  for (const [given, value] of [
    ['0', 0n],
    ['-1', -1n],
    ['18446744073709551615', 2n ** 64n - 1n],
    [5, 5n],
    [-0, 0n],
    [Number.MAX_SAFE_INTEGER, BigInt(Number.MAX_SAFE_INTEGER)],
  ] as const) {
    assert.equal(bigintFromJson(given), value);
  }
  for (const bad of [
    2 ** 53,
    1.5,
    '1.0',
    '01',
    '+1',
    ' 1',
    '0x1',
    '',
    '-0',
    '1'.repeat(21),
    '1e3',
    1n,
    null,
    true,
    [],
  ]) {
    assert.equal(bigintFromJson(bad), undefined, String(bad));
  }
});
