/** Requests that offer another protocol: WebSockets are led to the gateway, everything else is HTTP as before. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Server } from 'node:net';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyInstance } from 'fastify';
import { WebSocket } from 'ws';
import { eventually } from '../../../../test/support/eventually.ts';
import { isthmusGateway } from '../../src/index.ts';
import { goodQuote, plainHandlers, post, startGateway } from '../support/gateway.ts';
import { fakeRegions, goodLimits, startRegions } from '../support/regions.ts';

/** Sends bytes in the given pieces, and returns all that comes back until the other side closes. */
async function exchange(port: number, ...pieces: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (!socket.closed) await once(socket, 'close');
  return received;
}

const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map((match) => match[1]);
const h2c = 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n';

test('an offer of HTTP/2, as clients of Java make it, is passed over, with its body', async () => {
  await using served = await startGateway();
  const body = JSON.stringify(goodQuote);
  const head = `POST /v1/call/pricing/quote HTTP/1.1\r\nhost: localhost\r\n${h2c}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const last = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
  const port = Number(new URL(served.url).port);
  for (const pieces of [[head + body + last], [head, body, last], [head, body.slice(0, 5), body.slice(5) + last]]) {
    const answer = await exchange(port, ...pieces);
    assert.deepEqual(statuses(answer), ['200', '200']);
    assert.match(answer, /\{"price":42\}/);
  }
});

test('an offer behind a request that is not answered yet ends the connection, and with it what it holds', async () => {
  const held = Promise.withResolvers<object>();
  const handlers = { ...plainHandlers, quote: () => held.promise };
  await using served = await startGateway(handlers, { maxInFlight: 2 });
  const body = JSON.stringify(goodQuote);
  const call = (more: string) =>
    `POST /v1/call/pricing/quote HTTP/1.1\r\nhost: localhost\r\n${more}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const port = Number(new URL(served.url).port);
  assert.equal(await exchange(port, call(h2c) + call(h2c) + call(h2c)), '');
  held.resolve({ price: 1 });
  await eventually('both places to be free', async () => {
    const calls = [1, 2].map(() => post(`${served.url}/v1/call/pricing/quote`, body));
    return (await Promise.all(calls)).every(({ status }) => status === 200);
  });
});

test('an offer together with connection: close', async () => {
  await using served = await startGateway();
  const request = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n';
  assert.deepEqual(statuses(await exchange(Number(new URL(served.url).port), request)), ['200']);
});

test('a WebSocket to a path that has none', async () => {
  await using served = await startRegions();
  for (const [path, status] of [
    ['/v1/regions', 200],
    ['/nothing', 404],
  ] as const) {
    const socket = new WebSocket(`${served.url.replace('http', 'ws')}${path}`);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    assert.equal(response.statusCode, status);
    response.resume();
    socket.terminate();
  }
});

async function listening(app: {
  readonly listen: FastifyInstance['listen'];
  readonly server: Server;
}): Promise<string> {
  await app.listen({ port: 0, host: '127.0.0.1' });
  const address = app.server.address();
  const isBound = (value: typeof address): value is AddressInfo => typeof value === 'object' && value !== null;
  assert.ok(isBound(address));
  return `ws://127.0.0.1:${address.port}`;
}

/** The first message of a WebSocket, after `say`. */
async function firstMessage(url: string, say: string): Promise<string> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  socket.send(say);
  const [data] = await once(socket, 'message');
  socket.close();
  await once(socket, 'close');
  return String(data);
}

function addEcho(app: FastifyInstance): void {
  app.get('/echo', { websocket: true }, (socket) => {
    socket.on('message', (data) => socket.send(`echo ${String(data)}`));
  });
}

const watch = '{"watch":"feed.limits"}';

test('in an app with WebSockets of its own, registered before or after', async () => {
  for (const isBefore of [true, false]) {
    const { options, limits } = fakeRegions();
    limits.set(goodLimits);
    await using app = Fastify();
    const own = async () => {
      await app.register(websocket);
      await app.register(async (scope) => addEcho(scope));
    };
    if (isBefore) await own();
    await app.register(isthmusGateway, { prefix: '/a', ...options });
    await app.register(isthmusGateway, { prefix: '/b', ...options });
    if (!isBefore) await own();
    const url = await listening(app);
    assert.equal(await firstMessage(`${url}/echo`, 'x'), 'echo x', `${isBefore}`);
    for (const prefix of ['/a', '/b']) {
      const message = JSON.parse(await firstMessage(`${url}${prefix}/v1/watch`, watch));
      assert.deepEqual(message.value, goodLimits);
    }
  }
});

test("an app's own hooks hold for the WebSocket too", async () => {
  const { options } = fakeRegions();
  await using app = Fastify();
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.authorization === undefined) return reply.code(401).send();
    return undefined;
  });
  await app.register(isthmusGateway, options);
  const url = await listening(app);
  const refused = new WebSocket(`${url}/v1/watch`);
  refused.on('error', () => {});
  const [, response] = await once(refused, 'unexpected-response');
  assert.equal(response.statusCode, 401);
  refused.terminate();
  const allowed = new WebSocket(`${url}/v1/watch`, { headers: { authorization: 'x' } });
  await once(allowed, 'open');
  allowed.terminate();
});

test('two gateways in one app: offers of HTTP/2 are still answered', async () => {
  const { options } = fakeRegions();
  await using app = Fastify();
  await app.register(isthmusGateway, { prefix: '/a', ...options });
  await app.register(isthmusGateway, { prefix: '/b', ...options });
  const { port } = new URL(await listening(app));
  const request = `GET /b/healthz HTTP/1.1\r\nhost: localhost\r\n${h2c}\r\nGET /a/healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`;
  assert.deepEqual(statuses(await exchange(Number(port), request)), ['200', '200']);
});

test('the same over TLS', async () => {
  const { options } = fakeRegions();
  // Keys that both know, so that nobody needs a certificate.
  const psk = Buffer.alloc(16, 7);
  const secrets = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
  await using app = Fastify({ https: { ...secrets, pskCallback: () => psk } });
  await app.register(isthmusGateway, options);
  const { port } = new URL(await listening(app));
  const socket = tlsConnect({
    ...secrets,
    host: '127.0.0.1',
    port: Number(port),
    pskCallback: () => ({ psk, identity: 'x' }),
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  const body = JSON.stringify({ watch: 'x' });
  const ending = `content-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
  socket.write(
    `GET /healthz HTTP/1.1\r\nhost: localhost\r\n${h2c}\r\nPUT /v1/regions/sensor HTTP/1.1\r\nhost: localhost\r\n${ending}`,
  );
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  assert.deepEqual(statuses(answer), ['200', '405']);
});
