import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as schema from '../src/index.ts';

const readme = readFileSync(path.join(import.meta.dirname, '../README.md'), 'utf8');

test('the README lists every type with the bytes that it takes', () => {
  const { bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, struct } = schema;
  const makers: Record<string, () => schema.Type> = { bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64 };
  for (const [name, make] of Object.entries(makers)) {
    const row = readme.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}()\``));
    assert.ok(row !== undefined, name);
    const cells = row.split('|').map((cell) => cell.trim());
    const names = cells[1]?.split(' ') ?? [];
    const bytes = cells[5]?.split(', ') ?? [];
    const expected = bytes.length === 1 ? bytes[0] : bytes[names.indexOf(`\`${name}()\``)];
    assert.equal(String(struct('Box', { x: make() }).layout.size), expected, name);
  }
});

test('the example of the README is a schema, and the names that follow from it are in its header', () => {
  const [, source = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const body = source
    .replace(/import \{([^}]*)\} from '@isthmus\/schema';/, 'const {$1} = schema;')
    .replace('export ', '');
  const pricing: unknown = new Function('schema', `${body}\nreturn pricing;`)(schema);
  assert.ok(schema.isService(pricing));
  const header = schema.generateHeader(pricing);
  for (const name of ['pricing_quote_request', 'PRICING_OPTION_KIND_CALL', 'PRICING_ERROR_NEGATIVE_VOLATILITY']) {
    assert.ok(readme.includes(name) && header.includes(name), name);
  }
});

test('the README names everything that the package makes from a schema', () => {
  const functions = Object.entries(schema).filter(
    ([name, value]) => typeof value === 'function' && !/^[A-Z]/.test(name),
  );
  const missing = functions.map(([name]) => name).filter((name) => !readme.includes(name));
  // Helpers for those who build on this package, explained by their docstrings.
  assert.deepEqual(missing, ['errorCodeOf', 'isService']);
});
