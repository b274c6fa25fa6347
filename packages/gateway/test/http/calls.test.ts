/** What goes well: both forms in and out, headers, traces, the log. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../../../test/support/eventually.ts';
import type { CallOptions } from '../../src/index.ts';
import { memoryOf } from '../support/fake-client.ts';
import { goodQuote, plainHandlers, post, startGateway, type TestGateway } from '../support/gateway.ts';
import { pricing } from '../support/schema.ts';

let served: TestGateway;
before(async () => {
  served = await startGateway();
});
after(() => served[Symbol.asyncDispose]());

const JSON_TYPE = 'application/json';
const OCTETS = 'application/octet-stream';
const { inputCodec, outputCodec } = pricing.calls.quote;

function quote(body: Uint8Array | string, headers: Record<string, string> = {}): Promise<Response> {
  return post(`${served.url}/v1/call/pricing/quote`, Buffer.from(body), headers);
}

function quoteBytes(): Uint8Array {
  const bytes = new Uint8Array(inputCodec.size);
  inputCodec.encode({ spot: 42, volatility: 0.2, kind: 'put' }, memoryOf(bytes), 0);
  return bytes;
}

describe('forms', () => {
  test('JSON in and out', async () => {
    const response = await quote(JSON.stringify(goodQuote));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.deepEqual(await response.json(), { price: 42 });
  });

  test('every kind of field comes back as it went', async () => {
    const value = {
      flag: true,
      count: -10,
      big: '18446744073709551615',
      shift: '-9223372036854775808',
      name: 'é"\\\u2028',
      inner: { level: 255, ratio: 0.5 },
    };
    const response = await post(`${served.url}/v1/call/pricing/echo`, JSON.stringify(value));
    assert.deepEqual(await response.json(), value);
  });

  test('content type with parameters and in capitals', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON']) {
      assert.equal((await quote(JSON.stringify(goodQuote), { 'content-type': type })).status, 200);
    }
  });

  test('bytes in and out', async () => {
    const response = await quote(quoteBytes(), { 'content-type': OCTETS });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), OCTETS);
    const bytes = new Uint8Array(await response.arrayBuffer());
    assert.deepEqual(outputCodec.decode(memoryOf(bytes), 0, bytes.length), { price: 42 });
  });

  test('JSON in, bytes out', async () => {
    const response = await quote(JSON.stringify(goodQuote), { accept: OCTETS });
    assert.equal(response.headers.get('content-type'), OCTETS);
    const bytes = new Uint8Array(await response.arrayBuffer());
    assert.deepEqual(outputCodec.decode(memoryOf(bytes), 0, bytes.length), { price: 42 });
  });

  test('bytes in, JSON out', async () => {
    const response = await quote(quoteBytes(), { 'content-type': OCTETS, accept: JSON_TYPE });
    assert.deepEqual(await response.json(), { price: 42 });
  });

  test('a method without input and output', async () => {
    const url = `${served.url}/v1/call/pricing/ping`;
    for (const body of ['', '{}']) {
      const response = await post(url, body);
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), {});
    }
    const response = await post(url, '', { 'content-type': OCTETS });
    assert.equal(response.status, 200);
    assert.equal((await response.arrayBuffer()).byteLength, 0);
  });
});

describe('headers', () => {
  const lastCall = (): CallOptions => served.client.calls.at(-1) ?? {};

  test('x-timeout-ms reaches the client', async () => {
    await quote(JSON.stringify(goodQuote), { 'x-timeout-ms': '60000' });
    assert.equal(lastCall().timeoutMs, 60_000);
    await quote(JSON.stringify(goodQuote));
    assert.equal(lastCall().timeoutMs, undefined);
  });

  test('x-call-id is what the client says', async () => {
    const response = await quote(JSON.stringify(goodQuote));
    assert.equal(response.headers.get('x-call-id'), String(lastCall().info?.callId));
  });

  test('a trace goes on with a span of its own', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const response = await quote(JSON.stringify(goodQuote), { traceparent });
    const [version, traceId, spanId, flags] = (response.headers.get('traceparent') ?? '').split('-');
    assert.deepEqual([version, traceId, flags], ['00', '4bf92f3577b34da6a3ce929d0e0e4736', '01']);
    assert.notEqual(spanId, '00f067aa0ba902b7');
    assert.equal(lastCall().trace?.traceId, traceId);
    assert.equal(lastCall().trace?.spanId, spanId);
  });

  test('a trace that is not valid is replaced by a new one', async () => {
    const response = await quote(JSON.stringify(goodQuote), { traceparent: '00-nonsense-01' });
    assert.match(response.headers.get('traceparent') ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});

test('one log line a request, with the call', async () => {
  served.log.length = 0;
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const response = await quote(JSON.stringify(goodQuote), { traceparent });
  await response.arrayBuffer();
  await eventually('a line', () => served.log.length > 0);
  await delay(20);
  assert.equal(served.log.length, 1);
  const [line] = served.log;
  assert.equal(line?.http, 'POST /v1/call/pricing/quote');
  assert.equal(line?.callId, response.headers.get('x-call-id'));
  assert.equal(line?.service, 'pricing');
  assert.equal(line?.method, 'quote');
  assert.equal(line?.status, 200);
  assert.equal(line?.parentId, '00f067aa0ba902b7');
  assert.equal(typeof line?.durationMs, 'number');
});

test('a caller who goes away cancels the call', async () => {
  const signals: AbortSignal[] = [];
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  await using slow = await startGateway({
    ...plainHandlers,
    quote: (_input, options) => {
      if (options.signal !== undefined) signals.push(options.signal);
      begin();
      return new Promise(() => {});
    },
  });
  const request = httpRequest(`${slow.url}/v1/call/pricing/quote`, {
    method: 'POST',
    headers: { 'content-type': JSON_TYPE },
  });
  request.on('error', () => {});
  request.end(JSON.stringify(goodQuote));
  await begun;
  const [signal] = signals;
  assert.ok(signal !== undefined && !signal.aborted);
  const aborted = once(signal, 'abort');
  request.destroy();
  await aborted;
  const lines = () => slow.log.filter((line) => line.http === 'POST /v1/call/pricing/quote');
  await eventually('a line', () => lines().length > 0);
  await delay(20);
  assert.equal(lines().length, 1);
  assert.equal(lines()[0]?.status, 499);
  assert.equal(lines()[0]?.code, 'CANCELLED');
});

test('a call that is answered is not cancelled afterwards', async () => {
  await (await quote(JSON.stringify(goodQuote))).arrayBuffer();
  await delay(20);
  assert.equal(served.client.calls.at(-1)?.signal?.aborted, false);
});

describe('state', () => {
  test('GET /healthz', async () => {
    const response = await fetch(`${served.url}/healthz`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { status: 'ok' });
  });

  test('GET /readyz follows the instances', async () => {
    for (const [live, status] of [
      [2, 200],
      [0, 503],
      [1, 200],
    ] as const) {
      served.client.live = live;
      const response = await fetch(`${served.url}/readyz`);
      assert.equal(response.status, status);
      const expected = { ready: live > 0, services: [{ name: 'pricing', instances: live, inFlight: 0 }], regions: [] };
      assert.deepEqual(await response.json(), expected);
    }
  });

  test('GET / names the routes', async () => {
    const index = await (await fetch(served.url)).json();
    assert.deepEqual(index, {
      name: 'Isthmus gateway',
      calls: Object.keys(pricing.calls).map((name) => `POST /v1/call/pricing/${name}`),
      regions: [],
      watch: '/v1/watch',
      proto: ['/v1/proto/pricing.proto'],
      openapi: '/openapi.json',
      docs: '/docs',
      health: '/healthz',
      readiness: '/readyz',
    });
  });

  test('HEAD works where GET does', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/openapi.json']) {
      const response = await fetch(`${served.url}${path}`, { method: 'HEAD' });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), '');
    }
  });
});
