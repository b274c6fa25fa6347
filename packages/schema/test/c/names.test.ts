import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enumeratorName, memberName, methodNames, snakeCase, typeNameOf } from '../../src/c/names.ts';

test('names become snake_case with the service as prefix', () => {
  const names = {
    impliedVolatility: 'implied_volatility',
    HTTPPort: 'http_port',
    x2Y: 'x2_y',
    aBC: 'a_bc',
    spot: 'spot',
    f32Value: 'f32_value',
  };
  for (const [name, expected] of Object.entries(names)) assert.equal(snakeCase(name), expected);
  assert.equal(typeNameOf('pricing', 'QuoteRequest'), 'pricing_quote_request');
  assert.equal(enumeratorName('pricing', 'OptionKind', 'call'), 'PRICING_OPTION_KIND_CALL');
  assert.equal(methodNames('optionPricing', 'impliedVolatility').handler, 'option_pricing_on_implied_volatility');
});

test('a member that would be a keyword or a macro gets an underscore', () => {
  assert.deepEqual(['short', 'class', 'errno', 'linux', 'shorter'].map(memberName), [
    'short_',
    'class_',
    'errno_',
    'linux_',
    'shorter',
  ]);
});
