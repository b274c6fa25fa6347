import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as schema from '@isthmus/schema';
import * as codecs from '../src/index.ts';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');

test('the example of the README runs, and prints what one would expect', () => {
  const [, source = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const body = source.replace(/import (\{[^}]*\}) from '@isthmus\/(\w+)';/g, 'const $1 = $2;');
  const printed: unknown[] = [];
  const console = { log: (...values: unknown[]) => printed.push(...values) };
  new Function('schema', 'codecs', 'console', body)(schema, codecs, console);
  assert.deepEqual(printed[0], { sensor: 'roof', celsius: 4.5 });
  assert.match(String(printed[1]), /message Reading \{\n {2}string sensor = 1;\n {2}double celsius = 2;\n\}/);
});

test('the README names everything that the package exports', () => {
  for (const name of Object.keys(codecs)) assert.ok(readme.includes(`\`${name}(`), name);
});
