import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { integerOption, numberOption } from '../src/options.ts';

test('whole numbers within their bounds, in digits', () => {
  const parse = integerOption(1, 100);
  assert.deepEqual(['1', '07', '100'].map(parse), [1, 7, 100]);
  for (const text of ['0', '101', '-1', '1.5', '1e1', '0x1', '', ' 1', 'one']) {
    assert.throws(() => parse(text), new InvalidArgumentError('It must be a whole number from 1 to 100.'), text);
  }
});

test('numbers within their bounds, in digits', () => {
  const parse = numberOption(0.001, 1000);
  assert.deepEqual(['0.001', '10', '2.50', '1000'].map(parse), [0.001, 10, 2.5, 1000]);
  for (const text of ['0', '0.0009', '1000.1', '-1', '.5', '5.', '1e2', '0x1', '', ' 1', 'NaN', 'Infinity']) {
    assert.throws(() => parse(text), new InvalidArgumentError('It must be a number from 0.001 to 1000.'), text);
  }
});
