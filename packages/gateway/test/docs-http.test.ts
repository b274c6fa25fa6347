/** docs/http.md against the code, both ways: routes, headers, problem members and codes. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { type ErrorCode, errors } from '@isthmus/schema';
import { authSettings } from '../src/config/auth.ts';
import { openApiOf } from '../src/index.ts';
import { accessErrorsOf } from '../src/openapi/access.ts';
import { callErrorsOf, problemSchema, watchErrors, writeErrorsOf } from '../src/openapi/problems.ts';
import { fakeClient } from './support/fake-client.ts';
import { goodQuote, plainHandlers, post, problemIn, startGateway } from './support/gateway.ts';
import { fakeRegions, goodLimits, startRegions } from './support/regions.ts';
import { pricing } from './support/schema.ts';

const page = await readFile(new URL('../../../docs/http.md', import.meta.url), 'utf8');

/** The cells of the table under a heading, without the table's own head. */
function table(heading: string, first: string): string[][] {
  const section = page.slice(page.indexOf(`\n${heading}\n`));
  const lines = section.slice(section.indexOf(`\n| ${first} |`) + 1).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

const firstColumn = (rows: string[][]) => rows.map(([cell]) => cell ?? '').sort();

function pathsOf(document: object): Record<string, object> {
  return Reflect.get(document, 'paths');
}

test('routes', () => {
  const client = fakeClient(pricing, plainHandlers);
  const { services, regions } = fakeRegions().options;
  const all = { pricing: { schema: pricing, client }, ...services };
  const document = openApiOf(all, { prefix: '', maxTimeoutMs: 1, regions });
  const routes = new Set(['GET /docs']);
  for (const [path, operations] of Object.entries(pathsOf(document))) {
    const generic = path
      .replace(/^\/v1\/call\/.*/, '/v1/call/{service}/{method}')
      .replace(/^\/v1\/regions\/[^/]*/, '/v1/regions/{name}')
      .replace(/^\/v1\/proto\/.*/, '/v1/proto/{service}.proto');
    for (const method of Object.keys(operations)) {
      if (method !== 'parameters') routes.add(`${method.toUpperCase()} ${generic}`);
    }
  }
  assert.deepEqual(firstColumn(table('## Routes', 'route')), [...routes].sort());
});

test('codes', () => {
  const elsewhere: ErrorCode[] = [
    'UNKNOWN_SERVICE',
    'NOT_FOUND',
    'METHOD_NOT_ALLOWED',
    'REGION_READ_ONLY',
    'ORIGIN_REFUSED',
    ...accessErrorsOf({ auth: authSettings({}), isLimited: true }),
  ];
  const codes = new Set([
    ...callErrorsOf({ replies: 'many' }),
    ...writeErrorsOf({ service: 'feed', rows: 1 }),
    ...writeErrorsOf({ service: undefined, rows: undefined }),
    ...watchErrors,
    ...elsewhere,
  ]);
  const expected = [...codes].map((code) => `${errors[code].http} ${code}`);
  const written = table('## Errors', 'status').map(([status, code]) => `${status} ${code}`);
  assert.deepEqual(written.sort(), expected.sort());
});

test('members of a problem', () => {
  assert.deepEqual(firstColumn(table('## Errors', 'member')), Object.keys(problemSchema.properties).sort());
});

test('the example is what the gateway answers', async () => {
  await using served = await startGateway();
  const body = JSON.stringify({ ...goodQuote, spot: 'x', colour: 'red' });
  const response = await post(`${served.url}/v1/call/pricing/quote`, body);
  const answer = Object.keys(await problemIn(response));
  const example = /```json\n(.*?)```/s.exec(page)?.[1] ?? '';
  assert.deepEqual(Object.keys(JSON.parse(example)), answer);
});

test('response headers', async () => {
  await using served = await startGateway();
  const documented = new Set(firstColumn(table('### Response headers', 'header')));
  const seen = new Set<string>();
  const plain = new Set(['content-type', 'content-length', 'cache-control', 'date', 'connection', 'keep-alive']);
  const note = (response: Response) => {
    for (const name of response.headers.keys()) if (!plain.has(name)) seen.add(name);
  };
  note(await post(`${served.url}/v1/call/pricing/quote`, JSON.stringify(goodQuote)));
  note(await fetch(`${served.url}/v1/call/pricing/quote`));
  served.client.live = 0;
  note(await post(`${served.url}/v1/call/pricing/quote`, JSON.stringify(goodQuote)));
  await using state = await startRegions();
  state.limits.set(goodLimits);
  state.limits.setLive(false);
  const limits = `${state.url}/v1/regions/feed.limits`;
  note(await fetch(limits));
  note(
    await fetch(limits, { method: 'PATCH', body: '{}', headers: { 'content-type': 'application/merge-patch+json' } }),
  );
  note(await fetch(`${limits}/watch`, { method: 'HEAD' }));
  await using guarded = await startGateway(plainHandlers, { auth: {}, rateLimit: { max: 5, windowMs: 60_000 } });
  note(await fetch(`${guarded.url}/`));
  assert.deepEqual([...seen].sort(), [...documented].sort());
});
