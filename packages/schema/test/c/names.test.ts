import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enumeratorName, listNames, memberName, methodNames, typeNameOf } from '../../src/c/names.ts';
import { array, bytes, decimal, duration, f64, i64, list, struct, text, timestamp, u8, u16 } from '../../src/index.ts';

test('names become snake_case with the service as prefix', () => {
  const names = {
    impliedVolatility: 'implied_volatility',
    HTTPPort: 'http_port',
    x2Y: 'x2_y',
    aBC: 'a_bc',
    spot: 'spot',
    f32Value: 'f32_value',
  };
  for (const [name, expected] of Object.entries(names)) assert.equal(memberName(name), expected);
  assert.equal(typeNameOf('pricing', 'QuoteRequest'), 'pricing_quote_request');
  assert.equal(enumeratorName('pricing', 'OptionKind', 'call'), 'PRICING_OPTION_KIND_CALL');
  assert.equal(methodNames('optionPricing', 'impliedVolatility').handler, 'option_pricing_on_implied_volatility');
});

test('a list is named after the C type of its elements, so that those that are the same in C are one type', () => {
  const Row = struct('Row', { x: u8() });
  const elements = [
    [Row, 'row'],
    [f64({ min: 0 }), 'f64'],
    [i64(), 'i64'],
    [timestamp(), 'i64'],
    [duration(), 'i64'],
    [decimal(3), 'i64'],
    [u16({ endian: 'big' }), 'u16'],
    [text(7), 'text_7'],
    [bytes(16), 'bytes_16'],
    [array(array(u16(), 2), 3), 'u16_x2_x3'],
    [text(), 'span'],
    [bytes(), 'span'],
    [list(Row), 'span'],
    [array(text(), 2), 'span_x2'],
  ] as const;
  for (const [element, word] of elements) assert.equal(listNames('svc', element).type, `svc_list_of_${word}`);
});
