/** The document against the running gateway, both ways, and against itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, errors } from '@isthmus/schema';
import Fastify from 'fastify';
import { isthmusGateway } from '../../src/index.ts';
import { callErrorsOf, readErrorsOf, watchErrors, writeErrorsOf } from '../../src/openapi/problems.ts';
import { compile } from '../support/ajv.ts';
import { fakeClient } from '../support/fake-client.ts';
import { plainHandlers } from '../support/gateway.ts';
import { fakeRegions } from '../support/regions.ts';
import { pricing } from '../support/schema.ts';

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: { readonly $ref?: string }; readonly example?: unknown }>>;
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** The operations of a path, by method. */
function operationsOf(document: Document, path: string): [string, Operation][] {
  return Object.entries(document.paths[path] ?? {}).filter(([method]) => method !== 'parameters');
}

async function served(): Promise<{ document: Document; routes: Set<string> }> {
  await using app = Fastify();
  const routes = new Set<string>();
  app.addHook('onRoute', ({ method, url }) => {
    // One route answers all other methods of a path with 405; HEAD is part of every GET.
    if (typeof method === 'string' && method !== 'HEAD' && !url.startsWith('/docs'))
      routes.add(`${method} ${url.replace(':key', '{key}')}`);
  });
  const examples = { quote: { spot: 42, volatility: 0.2, kind: 'call' } };
  const { options } = fakeRegions();
  const calls = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers), examples } };
  await app.register(isthmusGateway, { ...options, services: { ...calls, ...options.services } });
  const document: Document = (await app.inject('/openapi.json')).json();
  return { document, routes };
}

test('lists exactly the routes that are served', async () => {
  const { document, routes } = await served();
  const listed = Object.keys(document.paths).flatMap((path) =>
    operationsOf(document, path).map(([method]) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(listed.sort(), [...routes].sort());
});

test('every reference leads somewhere, every operation has its own id', async () => {
  const { document } = await served();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map((match) => match[1] ?? '');
  assert.ok(references.length > 10);
  for (const reference of references) {
    let place: unknown = document;
    for (const part of reference.slice(1).split('/')) place = Reflect.get(Object(place), part);
    assert.equal(typeof place, 'object', reference);
  }
  const ids = Object.keys(document.paths).flatMap((path) =>
    operationsOf(document, path).map(([, one]) => one.operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
});

test('every example fits its schema, and the given one is shown', async () => {
  const { document } = await served();
  let checked = 0;
  for (const path of Object.keys(document.paths)) {
    for (const [, { requestBody, responses }] of operationsOf(document, path)) {
      for (const content of [requestBody?.content, ...Object.values(responses).map((response) => response.content)]) {
        const { schema, example } = content?.['application/json'] ?? content?.['application/problem+json'] ?? {};
        if (schema?.$ref === undefined || example === undefined) continue;
        const name = schema.$ref.slice('#/components/schemas/'.length);
        const validate = compile(document.components.schemas[name] ?? {});
        assert.ok(validate(example), `${name}: ${JSON.stringify(validate.errors)}`);
        checked++;
      }
    }
  }
  assert.ok(checked > 6);
  const shown = document.paths['/v1/call/pricing/quote']?.post?.requestBody?.content['application/json']?.example;
  assert.deepEqual(shown, { spot: 42, volatility: 0.2, kind: 'call' });
});

test('every call lists a problem for each status it may be answered with', async () => {
  const { document } = await served();
  for (const [path, operations] of Object.entries(document.paths)) {
    if (!path.startsWith('/v1/call/')) continue;
    const method = pricing.methods.find(({ name }) => path === `/v1/call/pricing/${name}`);
    assert.ok(method !== undefined, path);
    const codes = [...callErrorsOf(method), 'METHOD_NOT_ALLOWED' as const];
    const statuses = new Set([
      method.replies === 'none' ? '202' : '200',
      ...codes.map((code) => String(errors[code].http)),
    ]);
    assert.deepEqual(Object.keys(operations.post?.responses ?? {}).sort(), [...statuses].sort());
  }
});

test('every route of a region lists a problem for each status it may be answered with', async () => {
  const { document } = await served();
  const expected = (good: string[], codes: readonly ErrorCode[]) =>
    [...new Set([...good, ...codes.map((code) => String(errors[code].http)), '405'])].sort();
  const attached = { service: undefined, rows: undefined };
  const value = { service: 'feed', rows: undefined };
  const row = { service: 'feed', rows: 4 };
  const cases: [string, string, string[]][] = [
    ['/v1/regions/feed.market', 'get', expected(['200', '304'], readErrorsOf(row))],
    ['/v1/regions/feed.market/{key}', 'get', expected(['200', '304'], readErrorsOf(row))],
    ['/v1/regions/feed.limits', 'get', expected(['200', '304'], readErrorsOf(value))],
    ['/v1/regions/feed.limits', 'put', expected(['200'], writeErrorsOf(value))],
    ['/v1/regions/feed.limits', 'patch', expected(['200'], writeErrorsOf(value))],
    ['/v1/regions/feed.slots/{key}', 'put', expected(['200', '201'], writeErrorsOf(row))],
    ['/v1/regions/feed.slots/{key}', 'patch', expected(['200'], writeErrorsOf(row))],
    ['/v1/regions/boiler', 'put', expected(['200'], writeErrorsOf(attached))],
    ['/v1/regions/sensor', 'get', expected(['200', '304'], readErrorsOf(attached))],
    ['/v1/regions/sensor/watch', 'get', expected(['200'], watchErrors)],
    ['/v1/regions/feed.slots/{key}/watch', 'get', expected(['200'], watchErrors)],
    ['/v1/watch', 'get', expected(['101', '403'], watchErrors)],
  ];
  for (const [path, method, statuses] of cases) {
    const operation = document.paths[path]?.[method];
    assert.deepEqual(Object.keys(operation?.responses ?? {}).sort(), statuses, `${method} ${path}`);
  }
  const methods = (path: string) => operationsOf(document, path).map(([method]) => method);
  assert.deepEqual(methods('/v1/regions/feed.market/{key}'), ['get']);
  assert.deepEqual(methods('/v1/regions/boiler'), ['get', 'put', 'patch']);
});
