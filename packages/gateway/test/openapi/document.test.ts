/** The document against the running gateway, both ways, and against itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '@isthmus/schema';
import Fastify from 'fastify';
import { isthmusGateway } from '../../src/index.ts';
import { callErrorsOf } from '../../src/openapi/problems.ts';
import { compile } from '../support/ajv.ts';
import { fakeClient } from '../support/fake-client.ts';
import { plainHandlers } from '../support/gateway.ts';
import { pricing } from '../support/schema.ts';

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: { readonly $ref?: string }; readonly example?: unknown }>>;
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

async function served(): Promise<{ document: Document; routes: Set<string> }> {
  await using app = Fastify();
  const routes = new Set<string>();
  app.addHook('onRoute', ({ method, url }) => {
    // One route answers all other methods of a path with 405; HEAD is part of every GET.
    if (typeof method === 'string' && method !== 'HEAD' && !url.startsWith('/docs')) routes.add(`${method} ${url}`);
  });
  const examples = { quote: { spot: 42, volatility: 0.2, kind: 'call' } };
  const services = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers), examples } };
  await app.register(isthmusGateway, { services });
  const document: Document = (await app.inject('/openapi.json')).json();
  return { document, routes };
}

test('lists exactly the routes that are served', async () => {
  const { document, routes } = await served();
  const listed = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
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
  const ids = Object.values(document.paths).flatMap((operations) =>
    Object.values(operations).map((one) => one.operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
});

test('every example fits its schema, and the given one is shown', async () => {
  const { document } = await served();
  let checked = 0;
  for (const operations of Object.values(document.paths)) {
    for (const { requestBody, responses } of Object.values(operations)) {
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
