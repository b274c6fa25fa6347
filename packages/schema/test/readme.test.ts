import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as schema from '../src/index.ts';

const readme = readFileSync(path.join(import.meta.dirname, '../README.md'), 'utf8');

test('the example of the README is a schema, and the names that follow from it are in its header', () => {
  const [, source = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const body = source
    .replace(/import \{([^}]*)\} from '@isthmus\/schema';/, 'const {$1} = schema;')
    .replace('export ', '');
  const pricing: unknown = new Function('schema', `${body}\nreturn pricing;`)(schema);
  assert.ok(schema.isService(pricing));
  const header = schema.generateHeader(pricing);
  for (const name of [
    'pricing_quote_request',
    'PRICING_OPTION_KIND_CALL',
    'PRICING_ERROR_NEGATIVE_VOLATILITY',
    'pricing_market_read',
  ]) {
    assert.ok(readme.includes(name) && header.includes(name), name);
  }
});

/** For the other packages, and for those who build on this one: their docstrings explain them. */
const helpers = [
  'alignOf',
  'collectTypes',
  'comment',
  'decimalText',
  'decimalUnits',
  'errorCodeOf',
  'fieldNameProblems',
  'isService',
  'rangeOf',
  'regionLayoutOf',
  'snakeCase',
  'timestampOf',
];

test('the README names everything that the package makes from a schema', () => {
  const functions = Object.entries(schema).filter(
    ([name, value]) => typeof value === 'function' && !/^[A-Z]/.test(name),
  );
  const missing = functions.map(([name]) => name).filter((name) => !readme.includes(name));
  assert.deepEqual(missing.sort(), helpers);
});
