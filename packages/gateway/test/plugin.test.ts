/** The gateway inside an app of the user's own: it serves under a prefix and changes nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';
import { type GatewayPluginOptions, isthmusGateway } from '../src/index.ts';
import { fakeClient } from './support/fake-client.ts';
import { goodQuote, plainHandlers } from './support/gateway.ts';
import { pricing } from './support/schema.ts';

async function appWith(options: Partial<GatewayPluginOptions> & { prefix?: string } = {}): Promise<FastifyInstance> {
  const app = Fastify();
  await addTo(app, options);
  return app;
}

async function addTo(
  app: FastifyInstance,
  options: Partial<GatewayPluginOptions> & { prefix?: string } = {},
): Promise<void> {
  const services = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers) } };
  await app.register(isthmusGateway, { services, ...options });
}

const json = { 'content-type': 'application/json' };

test('serves under a prefix', async () => {
  await using app = await appWith({ prefix: '/bridge' });
  const response = await app.inject({ method: 'POST', url: '/bridge/v1/call/pricing/quote', payload: goodQuote });
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), { price: 42 });
  const unknown = await app.inject({ method: 'POST', url: '/bridge/v1/call/pricing/nope', payload: {} });
  assert.equal(unknown.json().code, 'UNKNOWN_METHOD');
  const index = (await app.inject('/bridge/')).json();
  assert.equal(index.openapi, '/bridge/openapi.json');
  const document = (await app.inject('/bridge/openapi.json')).json();
  assert.ok('/bridge/v1/call/pricing/quote' in document.paths);
  assert.equal((await app.inject('/bridge/docs')).statusCode, 200);
});

test('leaves the rest of the app alone', async () => {
  await using app = await appWith();
  app.post('/own', async (request) => ({ got: request.body }));
  app.get('/broken', async () => {
    throw new Error('own error');
  });
  const own = await app.inject({ method: 'POST', url: '/own', payload: { a: 1 }, headers: json });
  assert.deepEqual(own.json(), { got: { a: 1 } });
  assert.equal(own.headers['x-content-type-options'], undefined);
  assert.equal((await app.inject('/broken')).json().message, 'own error');
  assert.equal((await app.inject('/nothing')).json().message, 'Route GET:/nothing not found');
});

test('works beside an error handler and a not-found handler of the app', async () => {
  await using app = Fastify();
  app.setErrorHandler((_error, _request, reply) => reply.code(418).send('own'));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('own 404'));
  await addTo(app);
  const refused = await app.inject({ method: 'POST', url: '/v1/call/pricing/quote', payload: '{', headers: json });
  assert.equal(refused.json().code, 'MALFORMED_BODY');
  assert.equal((await app.inject('/nothing')).body, 'own 404');
  assert.equal((await app.inject('/v1/call/x/y')).json().code, 'UNKNOWN_SERVICE');
});

test('works beside the Swagger plugins of the app', async () => {
  await using documented = Fastify();
  await documented.register(swagger, { openapi: { info: { title: 'own', version: '1' } } });
  await addTo(documented);
  const page = await documented.inject('/docs/json');
  assert.equal(page.json().info.title, 'Isthmus gateway');
  const own = documented.swagger();
  assert.deepEqual(Object.keys(own.paths ?? {}), []);

  await using complete = Fastify();
  await complete.register(swagger, { openapi: { info: { title: 'own', version: '1' } } });
  await complete.register(swaggerUi, { routePrefix: '/own-docs' });
  await addTo(complete);
  assert.equal((await complete.inject('/docs')).statusCode, 404);
  assert.equal((await complete.inject('/')).json().docs, undefined);
  assert.equal((await complete.inject('/own-docs')).statusCode, 200);
});

test('works beside the CORS and rate limit plugins of the app, with bounds and origins of its own', async () => {
  await using app = Fastify();
  await app.register(cors, { origin: 'https://app.example' });
  await app.register(rateLimit, { global: false, max: 1 });
  const own = { origins: ['https://panel.example'], rateLimit: { max: 2, windowMs: 86_400_000 } };
  await addTo(app, { prefix: '/a', ...own });
  await addTo(app, { prefix: '/b', ...own });
  for (const prefix of ['/a', '/b']) {
    const send = () => app.inject({ method: 'POST', url: `${prefix}/v1/call/pricing/quote`, payload: goodQuote });
    const responses = [await send(), await send(), await send()];
    assert.deepEqual(
      responses.map(({ statusCode }) => statusCode),
      [200, 200, 429],
    );
    assert.equal(responses[0]?.headers['access-control-allow-origin'], 'https://app.example');
  }
});

test('two gateways in one app', async () => {
  await using app = await appWith({ prefix: '/a' });
  await addTo(app, { prefix: '/b' });
  for (const prefix of ['/a', '/b']) {
    const response = await app.inject({ method: 'POST', url: `${prefix}/v1/call/pricing/quote`, payload: goodQuote });
    assert.equal(response.statusCode, 200);
  }
});

test('the page can be left out', async () => {
  await using app = await appWith({ docs: false });
  assert.equal((await app.inject('/docs')).statusCode, 404);
});
