import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decimal, decimalText, decimalUnits } from '../../src/index.ts';

test('a number in a string is so many units', () => {
  const table: [string, number, bigint][] = [
    ['0', 0, 0n],
    ['12', 0, 12n],
    ['12.34', 2, 1234n],
    ['12.3', 2, 1230n],
    ['-0.05', 2, -5n],
    ['-0', 2, 0n],
    ['0.000000000000000001', 18, 1n],
    ['9.223372036854775807', 18, 2n ** 63n - 1n],
    ['-9223372036854775808', 0, -(2n ** 63n)],
  ];
  for (const [text, scale, units] of table) assert.equal(decimalUnits(text, scale), units, text);
});

test('what is no such number is undefined', () => {
  const texts = ['', ' 1', '1 ', '+1', '01', '1.', '.5', '1e3', '1,5', '0x1', 'NaN', '--1', '1.2.3', '١', '1\n', '-'];
  for (const text of texts) assert.equal(decimalUnits(text, 2), undefined, text);
  for (const value of [1, 1n, null, undefined, {}]) assert.equal(decimalUnits(value, 2), undefined);
  // More digits than there are, even if they are zeros; and more than 64 bits.
  for (const text of ['1.234', '1.230', '92233720368547758.08', '-92233720368547758.09', '9'.repeat(30)]) {
    assert.equal(decimalUnits(text, 2), undefined, text);
  }
});

test('units become a string with all digits, which says the same number', () => {
  assert.equal(decimalText(-5n, 2), '-0.05');
  assert.equal(decimalText(0n, 3), '0.000');
  assert.equal(decimalText(7n, 0), '7');
  const units = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
  fc.assert(
    fc.property(units, fc.integer({ min: 0, max: 18 }), (value, scale) => {
      const text = decimalText(value, scale);
      assert.equal(decimalUnits(text, scale), value);
      assert.equal(text.split('.')[1]?.length ?? 0, scale);
      // The same in floating point, as far as that goes.
      assert.ok(Math.abs(Number(text) - Number(value) / 10 ** scale) <= Math.abs(Number(text)) * 1e-15);
    }),
  );
});

test('bounds are kept in units, the default as text', () => {
  const { min, max, default: fallback, scale } = decimal(2, { min: '-1', max: '99.5', default: '1.5' });
  assert.deepEqual([min, max, fallback, scale], [-100n, 9950n, '1.50', 2]);
});
