/** docs/policies.md against the code: every option with its default, and its example. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { call, service, struct, u32 } from '@isthmus/schema';
import { checkPolicies } from '../../src/policies/check.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/policies.md'), 'utf8');
const Value = struct('Value', { value: u32() });
const pricing = service('pricing', { quote: call({ output: Value, idempotent: true }), book: call({ input: Value }) });
const without = { shed: false, retry: undefined, breaker: undefined, bulkhead: undefined, hedge: undefined };

/** The options of the section's first table, with their defaults. */
function documented(part: string): Record<string, string> {
  const [, section = assert.fail(`no section ${part}`)] = page.split(`\n## \`${part}\`\n`);
  const table = section.split(/\n## /)[0] ?? '';
  const rows = [...table.matchAll(/^\| `(\w+)` \| (.*?) ?\| (.+) \|$/gm)];
  return Object.fromEntries(rows.map(([, name = '', fallback = '']) => [name, fallback]));
}

/** Defaults as the page has them; none where it is asked for, or left out. */
function coded(settings: object | undefined, more: Record<string, string> = {}): Record<string, string> {
  const entries = Object.entries(settings ?? {}).map(([name, value]): [string, string] => [
    name,
    typeof value === 'number' ? value.toLocaleString('en') : '',
  ]);
  return { ...Object.fromEntries(entries), ...more };
}

test('every option is documented with its default, and no other', () => {
  const { settings } = checkPolicies(pricing, {
    policies: { quote: { retry: {}, breaker: {}, bulkhead: { maxActive: 1 }, hedge: { afterMs: 1 } } },
    pool: { maxActive: 1 },
  });
  const quote = settings?.methods.get('quote') ?? assert.fail();
  const { gate, ...pool } = settings?.pool ?? assert.fail();
  assert.deepEqual(documented('retry'), coded(quote.retry, { budget: String(quote.budget) }));
  assert.deepEqual(documented('breaker'), coded(quote.breaker, { minTimeoutMs: "the client's `timeoutMs`" }));
  assert.deepEqual(documented('bulkhead'), coded(quote.bulkhead, { maxActive: '' }));
  assert.deepEqual(documented('hedge'), coded(quote.hedge, { afterMs: '' }));
  assert.deepEqual(documented('pool'), coded({ ...gate, ...pool }, { maxActive: '' }));
  for (const part of Object.keys(without)) assert.ok(page.includes(`\n## \`${part}\`\n`), part);
});

test('the example says what the text below it does', () => {
  const [, example = assert.fail('no example')] = /connect\(pricing, (\{\n[\s\S]*?\n\})\);/.exec(page) ?? [];
  const options: { policies: object; pool: object } = new Function(`return (${example});`)();
  const { settings, problems } = checkPolicies(pricing, options);
  assert.deepEqual(problems, []);
  const [quote, book] = ['quote', 'book'].map((name) => settings?.methods.get(name));
  assert.deepEqual([quote?.hedge, quote?.bulkhead?.maxActive, quote?.retry?.attempts], [{ afterMs: 20 }, 64, 3]);
  assert.deepEqual([book?.retry, book?.hedge, book?.breaker?.failures, book?.shed], [undefined, undefined, 5, true]);
});
