/** Every route of the gateway, held against what each caller may do: none is forgotten, whatever it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { accessOf } from '../../src/auth/access.ts';
import { isthmusGateway } from '../../src/index.ts';
import { apiKey } from '../support/auth.ts';
import { fakeClient } from '../support/fake-client.ts';
import { plainHandlers } from '../support/gateway.ts';
import { fakeRegions, goodBoiler, goodLimits } from '../support/regions.ts';
import { pricing } from '../support/schema.ts';

const pages = { '/panel': import.meta.dirname };

/** What the documentation says that a route takes; `open`: nothing. */
function expectedOf(method: string, url: string): readonly string[] | 'open' {
  if (/^\/(healthz|readyz|panel.*)$/.test(url)) return 'open';
  const call = /^\/v1\/call\/(\w+)\/(\w+)$/.exec(url);
  if (call !== null) return [`call:${call[1]}.${call[2]}`];
  const region = /^\/v1\/regions\/([\w.]+)/.exec(url);
  if (region !== null) {
    const read = `read:${region[1]}`;
    const write = `write:${region[1]}`;
    return method === 'PUT' ? [write] : method === 'PATCH' ? [write, read] : [read];
  }
  if (url === '/v1/watch' || url === '*') return [];
  return ['docs'];
}

test('every route that there is takes what is documented', async () => {
  const { options } = fakeRegions();
  await using app = Fastify();
  const routes: [string, string][] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push([one, url.replace(/^\/bridge/, '')]);
  });
  const services = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers) }, ...options.services };
  const origins = ['https://panel.example'];
  await app.register(isthmusGateway, { ...options, services, pages, prefix: '/bridge', origins, auth: {} });
  await app.ready();
  assert.ok(routes.length > 100);
  for (const [method, url] of routes) {
    const access = accessOf(url, Object.keys(pages));
    const found = access === 'open' ? 'open' : access(method).map(({ name }) => name);
    assert.deepEqual(found, url === '' ? ['docs'] : expectedOf(method, url), `${method} ${url}`);
  }
});

interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'HEAD' | 'DELETE' | 'OPTIONS';
  readonly url: string;
  readonly payload?: object;
  readonly type?: string;
}

const requests: readonly Request[] = [
  { method: 'POST', url: '/v1/call/pricing/ping', payload: {} },
  { method: 'POST', url: '/v1/call/pricing/note', payload: { count: 1 } },
  { method: 'GET', url: '/v1/call/pricing/ping' },
  { method: 'DELETE', url: '/v1/call/pricing/ping' },
  { method: 'GET', url: '/v1/regions/feed.limits' },
  { method: 'HEAD', url: '/v1/regions/feed.limits' },
  { method: 'GET', url: '/v1/regions/feed.slots/1' },
  { method: 'HEAD', url: '/v1/regions/feed.limits/watch' },
  { method: 'PUT', url: '/v1/regions/boiler', payload: goodBoiler },
  { method: 'PUT', url: '/v1/regions/sensor', payload: goodBoiler },
  { method: 'PATCH', url: '/v1/regions/boiler', payload: { level: 1 }, type: 'application/merge-patch+json' },
  { method: 'GET', url: '/v1/regions' },
  { method: 'GET', url: '/' },
  { method: 'GET', url: '/openapi.json' },
  { method: 'GET', url: '/docs' },
  { method: 'GET', url: '/docs/static/index.html' },
  { method: 'GET', url: '/v1/proto/pricing.proto' },
];
const everything = ['call:*', 'read:*', 'write:*', 'docs'];

test('who has the scopes gets through; who lacks one is told which, whatever else it has', async (t) => {
  const { options, limits, boiler } = fakeRegions();
  limits.set(goodLimits);
  boiler.set(goodBoiler);
  const services = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers) }, ...options.services };
  const all = apiKey('all', ['*']);
  const none = apiKey('none', []);
  const keys = requests.map(({ method, url }, index) => {
    const needed = expectedOf(method, url);
    assert.ok(needed !== 'open' && needed.length > 0);
    const lacking = needed.map((scope, which) =>
      // All that there is but what the route takes.
      apiKey(`l${index}-${which}`, [
        ...everything.filter((wide) => !wide.startsWith(scope.slice(0, 5))),
        ...needed.filter((other) => other !== scope),
        scope === 'docs' ? 'call:*' : `${scope}x`,
      ]),
    );
    return { exact: apiKey(`e${index}`, needed), lacking, needed };
  });
  const apiKeys = [all, none, ...keys.flatMap(({ exact, lacking }) => [exact, ...lacking])].map(({ entry }) => entry);
  await using app = Fastify();
  await app.register(isthmusGateway, { ...options, services, pages, auth: { apiKeys } });
  for (const [index, request] of requests.entries()) {
    const { method, url, payload, type = 'application/json' } = request;
    await t.test(`${method} ${url}`, async () => {
      const send = async (headers: Record<string, string>) => {
        const body = payload === undefined ? {} : { payload, headers: { 'content-type': type, ...headers } };
        return await app.inject({ method, url, headers, ...body });
      };
      const { exact, lacking, needed } = keys[index] ?? assert.fail();
      const good = await send(all.headers);
      assert.ok(![401, 403].includes(good.statusCode), `${good.statusCode}`);
      assert.equal((await send(exact.headers)).statusCode, good.statusCode);
      for (const [which, { headers }] of lacking.entries()) {
        const refused = await send(headers);
        assert.equal(refused.statusCode, 403);
        assert.equal(
          refused.headers['www-authenticate'],
          `Bearer realm="isthmus", error="insufficient_scope", scope="${needed[which]}"`,
        );
        if (method !== 'HEAD') assert.equal(refused.json().detail, `it takes the scope ${needed[which]}`);
      }
      assert.equal((await send(none.headers)).statusCode, 403);
      const nobody = await send({});
      assert.equal(nobody.statusCode, 401);
      assert.equal(nobody.headers['www-authenticate'], 'Bearer realm="isthmus"');
    });
  }
});

test('who may not know what there is does not learn it from the errors', async () => {
  const { options } = fakeRegions();
  const services = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers) }, ...options.services };
  const guest = apiKey('guest', ['call:pricing.ping']);
  await using app = Fastify();
  await app.register(isthmusGateway, { ...options, services, auth: { apiKeys: [guest.entry] } });
  const post = async (url: string, headers: Record<string, string>) => {
    const response = await app.inject({ method: 'POST', url, payload: {}, headers });
    const { code, detail } = response.json();
    return { status: response.statusCode, code, detail };
  };
  for (const path of ['pricing/quote', 'pricing/nothing', 'nobody/knows', 'pricing/quote/x', 'a%2Fb', '"']) {
    const { status, code, detail } = await post(`/v1/call/${path}`, guest.headers);
    assert.deepEqual([status, code], [403, 'FORBIDDEN'], path);
    assert.match(detail, /^it takes the scope call(:[\w.]+)?$/);
    assert.equal((await post(`/v1/call/${path}`, {})).status, 401);
  }
  for (const path of ['feed.limits', 'nothing', 'feed.limits/watch', '']) {
    const url = `/v1/regions/${path}`;
    assert.equal((await app.inject({ url, headers: guest.headers })).statusCode, 403, path);
    assert.equal((await app.inject({ url })).statusCode, 401, path);
  }
  assert.equal((await app.inject({ url: '/nothing', headers: guest.headers })).statusCode, 404);
});

test('the probes and the pages are for everybody', async () => {
  const services = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers) } };
  await using app = Fastify();
  await app.register(isthmusGateway, { services, pages, auth: {} });
  for (const url of ['/healthz', '/readyz', '/panel/access.test.ts']) {
    assert.equal((await app.inject({ url })).statusCode, 200, url);
  }
  assert.equal((await app.inject({ url: '/panel/nothing.js' })).statusCode, 404);
  // Names of services are not for everybody.
  assert.deepEqual((await app.inject({ url: '/readyz' })).json(), { ready: true });
  // What stands beside them is not.
  for (const url of ['/healthz/', '/panelx', '/panel/../openapi.json', '//healthz']) {
    assert.notEqual((await app.inject({ url })).statusCode, 200, url);
  }
});
