/** Requests as no good client writes them, byte by byte: what a proxy in front understands must be what the gateway does. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { newApiKey } from '../../src/index.ts';
import { apiKey } from '../support/auth.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

const panel = apiKey('panel', ['call:pricing.ping']);
let served: TestGateway;
before(async () => {
  // Names of properties that every object has: no key of a list in an object either.
  const entries = [panel.entry, apiKey('constructor', ['*']).entry];
  served = await startGateway(undefined, { auth: { apiKeys: entries } });
});
after(() => served[Symbol.asyncDispose]());

const bearer = (key: string) => `authorization: Bearer ${key}`;

/** The status of a call, and how many have reached the service. */
async function send(headers: readonly string[], target = '/v1/call/pricing/ping'): Promise<readonly [string, number]> {
  const callsBefore = served.client.calls.length;
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
  });
  const lines = [`POST ${target} HTTP/1.1`, 'host: localhost', 'connection: close', 'content-length: 2', ...headers];
  socket.write(`${lines.join('\r\n')}\r\ncontent-type: application/json\r\n\r\n{}`);
  await once(socket, 'close');
  return [received.split(' ', 2)[1] ?? '', served.client.calls.length - callsBefore];
}

test('a call as it should be', async () => {
  assert.deepEqual(await send([bearer(panel.key)]), ['200', 1]);
});

test('credentials that are there twice are refused', async () => {
  const wrong = newApiKey('panel').key;
  const twice = [
    [bearer(panel.key), bearer(wrong)],
    [bearer(wrong), bearer(panel.key)],
    [bearer(panel.key), bearer(panel.key)],
    [`x-api-key: ${panel.key}`, `x-api-key: ${panel.key}`],
    [bearer(panel.key), `x-api-key: ${panel.key}`],
    [bearer(panel.key), `sec-websocket-protocol: isthmus.bearer.${panel.key}`],
  ];
  for (const headers of twice) assert.deepEqual(await send(headers), ['401', 0], headers.join('; '));
});

test('a header that is not one line, or not quite a header, is no request', async () => {
  const broken = [
    `authorization : Bearer ${panel.key}`,
    `authorization: Bearer\r\n ${panel.key}`,
    `x: a\r${bearer(panel.key)}`,
    `x: a\n${bearer(panel.key)}\nb`,
    `${bearer(panel.key)}\0`,
  ];
  for (const header of broken) assert.deepEqual(await send([header]), ['400', 0], JSON.stringify(header));
});

test('keys whose ids every object has as a property', async () => {
  for (const id of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
    assert.deepEqual(await send([`x-api-key: isth_${id}_${'a'.repeat(43)}`]), ['401', 0], id);
});

test('no spelling of a path leads past the scope that it takes', async () => {
  const spellings = [
    '/v1/call/pricing/quote',
    '/v1/call/pricing/%71uote',
    '/v1/call/pricing%2Fquote',
    '/v1/call/pricing/ping%2F..%2Fquote',
    '/v1/call//pricing/quote',
    '/v1/call/pricing//quote',
    '/v1/call/pricing/quote/',
    '/v1/call/pricing/quote?x=/healthz',
    '/v1/call/pricing/quote#/healthz',
    '/v1/call/pricing/quote;/ping',
    '/v1/call/Pricing/Quote',
    '/%761/call/pricing/quote',
    'http://localhost/v1/call/pricing/quote',
    'http://localhost/healthz/v1/call/pricing/quote',
    '/healthz/../v1/call/pricing/quote',
    '/v1/call/pricing/ping/../quote',
  ];
  for (const target of spellings) {
    const [status, calls] = await send([bearer(panel.key)], target);
    assert.match(status, /^40[034]$/, target);
    assert.equal(calls, 0, target);
  }
  // And what it may call, it may call by each of its spellings.
  for (const target of ['/v1/call/pricing/%70ing', 'http://localhost/v1/call/pricing/ping'])
    assert.deepEqual(await send([bearer(panel.key)], target), ['200', 1], target);
});
