/** Pages of other sites: none, but for those that are listed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiKey } from '../support/auth.ts';
import { goodQuote, plainHandlers, post, startGateway } from '../support/gateway.ts';

const origin = 'https://panel.example';
const body = JSON.stringify(goodQuote);
const path = '/v1/call/pricing/quote';

function preflight(url: string, from: string, method = 'POST'): Promise<Response> {
  const asked = {
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization,content-type',
  };
  return fetch(url, { method: 'OPTIONS', headers: { origin: from, ...asked } });
}

const corsHeaders = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));

test('off by default', async () => {
  await using served = await startGateway();
  const asked = await preflight(`${served.url}${path}`, origin);
  assert.equal(asked.status, 405);
  assert.deepEqual(corsHeaders(asked), []);
  assert.deepEqual(corsHeaders(await post(`${served.url}${path}`, body, { origin })), []);
});

test('a page of a listed origin is let through, before it can show credentials', async () => {
  const key = apiKey('page', ['call:*']);
  await using served = await startGateway(plainHandlers, { origins: [origin], auth: { apiKeys: [key.entry] } });
  for (const [url, method] of [
    [path, 'POST'],
    ['/v1/regions/x', 'PATCH'],
    ['/nothing', 'GET'],
  ] as const) {
    const asked = await preflight(`${served.url}${url}`, origin, method);
    assert.equal(asked.status, 204, url);
    assert.equal(asked.headers.get('access-control-allow-origin'), origin);
    assert.equal(asked.headers.get('access-control-allow-headers'), 'authorization,content-type');
    assert.match(asked.headers.get('access-control-allow-methods') ?? '', new RegExp(method));
    assert.equal(asked.headers.get('access-control-allow-credentials'), null);
  }
  const answered = await post(`${served.url}${path}`, body, { origin, ...key.headers });
  assert.equal(answered.status, 200);
  assert.equal(answered.headers.get('access-control-allow-origin'), origin);
  assert.match(answered.headers.get('access-control-expose-headers') ?? '', /x-call-id/);
  // It may read why it was refused.
  const refused = await post(`${served.url}${path}`, body, { origin });
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get('access-control-allow-origin'), origin);
});

test('pages of all others are not, whatever they look like', async () => {
  await using served = await startGateway(plainHandlers, { origins: [origin] });
  for (const other of [
    'https://evil.example',
    'http://panel.example',
    `${origin}:8443`,
    `${origin}.evil.example`,
    'null',
  ]) {
    const asked = await preflight(`${served.url}${path}`, other);
    assert.equal(asked.headers.get('access-control-allow-origin'), null, other);
    const answered = await post(`${served.url}${path}`, body, { origin: other });
    assert.equal(answered.headers.get('access-control-allow-origin'), null, other);
    assert.equal(answered.headers.get('vary'), 'Origin');
  }
});

test('OPTIONS that is no preflight is a method like any other', async () => {
  await using served = await startGateway(plainHandlers, { origins: [origin] });
  for (const headers of [{}, { origin }]) {
    assert.equal((await fetch(`${served.url}${path}`, { method: 'OPTIONS', headers })).status, 405);
    assert.equal((await fetch(`${served.url}/nothing`, { method: 'OPTIONS', headers })).status, 404);
  }
});
