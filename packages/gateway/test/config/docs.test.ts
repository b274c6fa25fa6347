/** docs/config.md held against the tables of keys, both ways. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiKeyKeys, authKeys, certificateKeys, jwtKeys, rateLimitKeys } from '../../src/config/auth.ts';
import { httpKeys, tlsKeys } from '../../src/config/http.ts';
import type { Key } from '../../src/config/keys.ts';
import { allowKeys, limitKeys, livenessKeys } from '../../src/config/processes.ts';
import { creationKeys, regionKeys } from '../../src/config/regions.ts';
import { bridgeKeys, logKeys, serviceKeys } from '../../src/config/tables.ts';

const page = await readFile(join(import.meta.dirname, '../../../../docs/config.md'), 'utf8');

/** Keys and defaults that the first table below a heading lists. */
function documented(heading: string): Record<string, string> {
  const section =
    page.split(new RegExp(`\n##+ \`${heading}\`\n`))[1]?.split(/\n##+ /)[0] ?? assert.fail(`no section ${heading}`);
  const rows = [...section.matchAll(/^\| `(\w+)` \| (.*?) ?\| (.+) \|$/gm)];
  return Object.fromEntries(rows.map(([, key = '', fallback = '']) => [key, fallback]));
}

function coded(keys: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(keys).map(([name, key]: [string, Pick<Key<unknown>, 'default'>]) => [name, key.default ?? '']),
  );
}

test('every key is documented with its default, and no other', () => {
  assert.deepEqual(documented('http'), coded(httpKeys));
  assert.deepEqual(documented('tls'), coded(tlsKeys));
  assert.deepEqual(documented('rateLimit'), coded(rateLimitKeys));
  assert.deepEqual(documented('auth'), coded(authKeys));
  assert.deepEqual(documented('apiKeys'), coded(apiKeyKeys));
  assert.deepEqual(documented('jwt'), coded(jwtKeys));
  assert.deepEqual(documented('mtls'), coded(certificateKeys));
  assert.deepEqual(documented('log'), coded(logKeys));
  assert.deepEqual(documented('services'), coded(serviceKeys));
  assert.deepEqual(documented('liveness'), coded(livenessKeys));
  assert.deepEqual(documented('limits'), coded(limitKeys));
  assert.deepEqual(documented('allow'), coded(allowKeys));
  assert.deepEqual(documented('regions'), coded(regionKeys));
  assert.deepEqual(documented('create'), coded(creationKeys));
});

test('every top-level key has a section', () => {
  const sections = [...page.matchAll(/^## `(\w+)`$/gm)].map(([, name]) => name);
  assert.deepEqual(sections, Object.keys(bridgeKeys));
});
