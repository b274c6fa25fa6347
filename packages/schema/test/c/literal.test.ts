import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { floatLiteral, integerLiteral, stringLiteral, stringLiterals } from '../../src/c/literal.ts';

test('string literals are printable ASCII and escape what C would read otherwise', () => {
  assert.equal(stringLiteral('a"b\\c\n??/é\u0001' + '1'), '"a\\"b\\\\c\\n\\?\\?/\\303\\251\\0011"');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      assert.match(stringLiteral(value), /^"(?:[ !#-[\]-~]|\\["\\?n]|\\[0-3][0-7]{2})*"$/);
    }),
  );
});

test('pieces are the text, and each is short enough for one literal', () => {
  const pieces = stringLiterals(`one\n${'é'.repeat(5000)}\ntwo`);
  assert.deepEqual(
    pieces.map(({ length }) => length > 4095 * 4),
    pieces.map(() => false),
  );
  assert.equal(pieces[0], '"one\\n"');
  assert.equal(pieces.at(-1), '"two"');
  assert.equal(pieces.length, 5);
});

test('numbers keep their value and their type', () => {
  assert.equal(integerLiteral('u32', 5), '5u');
  assert.equal(integerLiteral('u64', 2n ** 64n - 1n), 'UINT64_C(18446744073709551615)');
  assert.equal(integerLiteral('i64', -(2n ** 63n)), 'INT64_MIN');
  assert.equal(integerLiteral('i32', -(2 ** 31)), 'INT32_MIN');
  assert.equal(integerLiteral('i8', -3), '-3');
  assert.deepEqual([0, -0, 5, 0.1, 1e300, 1e-7, -2.5].map(floatLiteral), [
    '0.0',
    '0.0',
    '5.0',
    '0.1',
    '1e+300',
    '1e-7',
    '-2.5',
  ]);
});
