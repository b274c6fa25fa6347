/** Starting and closing: nothing in flight is lost, and nothing new is begun. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { eventually } from '../../../test/support/eventually.ts';
import { createGateway } from '../src/index.ts';
import { fakeClient } from './support/fake-client.ts';
import { goodQuote, plainHandlers, post, startGateway } from './support/gateway.ts';
import { pricing } from './support/schema.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly connection: string | undefined;
}

/** A call over a connection that the agent keeps, which fetch() does not let a test hold on to. */
function callOver(agent: Agent, url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const request = httpRequest(`${url}/v1/call/pricing/quote`, { method: 'POST', agent, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, connection: response.headers.connection }),
      );
    });
    request.on('error', reject);
    request.end(JSON.stringify(goodQuote));
  });
}

async function getOver(agent: Agent, url: string): Promise<void> {
  const [response]: IncomingMessage[] = await once(httpRequest(url, { agent }).end(), 'response');
  assert.equal(response?.resume().statusCode, 200);
  await once(response ?? assert.fail(), 'end');
}

/** Handlers whose quotes wait until they are let go. */
function heldHandlers() {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const quote = async () => {
    begin();
    await released;
    return { price: 1 };
  };
  return { handlers: { ...plainHandlers, quote }, begun, release };
}

test('close() finishes what is in flight and refuses new connections', async () => {
  const held = heldHandlers();
  await using served = await startGateway(held.handlers);
  const agent = new Agent({ keepAlive: true });
  const inFlight = callOver(agent, served.url);
  await held.begun;
  const closed = served.gateway.close({ timeoutMs: 60_000 });
  const isRefused = () =>
    post(`${served.url}/v1/call/pricing/ping`, '{}').then(
      () => false,
      () => true,
    );
  await eventually('new connections are refused', isRefused);
  held.release();
  const answer = await inFlight;
  assert.equal(answer.status, 200);
  assert.equal(answer.body, '{"price":1}');
  assert.equal(answer.connection, 'close');
  await closed;
  agent.destroy();
});

test('while it closes, a request that begins on an open connection gets 503', async () => {
  const held = heldHandlers();
  await using served = await startGateway(held.handlers);
  const agent = new Agent({ keepAlive: true });
  const inFlight = callOver(agent, served.url);
  await held.begun;
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString();
  });
  const ended = once(socket, 'close');
  const body = JSON.stringify(goodQuote);
  // Half of a head is what keeps Node from closing the connection as idle.
  socket.write('POST /v1/call/pricing/quote HTTP/1.1\r\nhost: localhost\r\n');
  await eventually('its connection', async () => (await served.gateway.counts()).connections === 2);
  // In which it is read: a time may be over at once, where the process is held up.
  for (let turns = 0; turns < 10; turns += 1) await turn();
  const closed = served.gateway.close({ timeoutMs: 60_000 });
  socket.write(`content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  await ended;
  assert.match(received, /^HTTP\/1\.1 503 /);
  assert.match(received, /\r\nconnection: close\r\n/i);
  assert.match(received, /"code":"SHUTTING_DOWN"/);
  held.release();
  assert.equal((await inFlight).status, 200);
  await closed;
  agent.destroy();
});

test('close() gives up on what does not end, and cancels it', async () => {
  const signals: AbortSignal[] = [];
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  await using served = await startGateway({
    ...plainHandlers,
    quote: (_input, options) => {
      if (options.signal !== undefined) signals.push(options.signal);
      begin();
      return new Promise(() => {});
    },
  });
  const agent = new Agent({ keepAlive: true });
  const lost = assert.rejects(callOver(agent, served.url));
  await begun;
  const start = performance.now();
  await served.gateway.close({ timeoutMs: 100 });
  assert.ok(performance.now() - start < 30_000);
  await lost;
  const [signal] = signals;
  assert.ok(signal !== undefined);
  // The connection's end reaches the call a turn of the loop later.
  if (!signal.aborted) await once(signal, 'abort');
});

test('idle connections do not hold up close()', async () => {
  await using served = await startGateway();
  const agent = new Agent({ keepAlive: true });
  assert.equal((await callOver(agent, served.url)).status, 200);
  const start = performance.now();
  await served.gateway.close({ timeoutMs: 60_000 });
  assert.ok(performance.now() - start < 30_000);
  agent.destroy();
});

test('close() twice waits for the same end', async () => {
  await using served = await startGateway();
  await Promise.all([served.gateway.close(), served.gateway.close()]);
});

test('a port that is taken is an error', async () => {
  await using served = await startGateway();
  const services = { pricing: { schema: pricing, client: fakeClient(pricing, plainHandlers) } };
  await using second = await createGateway({ services, port: Number(new URL(served.url).port) });
  await assert.rejects(second.listen(), { code: 'EADDRINUSE' });
});

test('a port is shared by those who ask for it', async () => {
  await using first = await createGateway({ services: {}, port: 0 });
  await using second = await createGateway({ services: {} });
  await using alone = await createGateway({ services: {} });
  const url = await first.listen({ shared: true });
  const port = Number(new URL(url).port);
  assert.equal(await second.listen({ port, shared: true }), url);
  await assert.rejects(alone.listen({ port }), /EADDRINUSE/);
  const agent = new Agent({ keepAlive: true });
  for (let asked = 1; asked <= 20; asked += 1) await getOver(agent, `${url}/healthz`);
  const counts = await Promise.all([first.counts(), second.counts()]);
  agent.destroy();
  // One connection, and so one of the two.
  assert.deepEqual(
    counts.sort((a, b) => a.requests - b.requests),
    [
      { connections: 0, requests: 0 },
      { connections: 1, requests: 20 },
    ],
  );
});

test('refuses services under another name, and clients of another schema', async () => {
  const client = fakeClient(pricing, plainHandlers);
  await assert.rejects(createGateway({ services: { other: { schema: pricing, client } } }), {
    code: 'INVALID_ARGUMENT',
    detail: 'services.other has the schema of service pricing',
  });
  await assert.rejects(createGateway({ services: { pricing: { schema: pricing, client: { $instances: [] } } } }), {
    code: 'INVALID_ARGUMENT',
    detail: 'the client given for service pricing has no method quote',
  });
});
