/** What no HTTP client would send, over a plain socket. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { startGateway, type TestGateway } from '../support/gateway.ts';

let served: TestGateway;
before(async () => {
  served = await startGateway();
});
after(() => served[Symbol.asyncDispose]());

/** Sends bytes and returns all that comes back until the gateway closes the connection. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return received;
}

function problemOf(answer: string): Record<string, unknown> {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}

test('not HTTP at all', async () => {
  const answer = await exchange('SSH-2.0-OpenSSH_9.6\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.match(answer, /content-type: application\/problem\+json/);
  assert.ok(served.log.some((line) => line.status === 400 && line.code === 'INVALID_ARGUMENT'));
  assert.equal(problemOf(answer).code, 'INVALID_ARGUMENT');
});

test('headers beyond the limit', async () => {
  const answer = await exchange(`GET / HTTP/1.1\r\nhost: localhost\r\nx-big: ${'a'.repeat(100_000)}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.equal(problemOf(answer).code, 'INVALID_ARGUMENT');
});

test('two lengths, as request smuggling has it', async () => {
  const answer = await exchange(
    'POST /v1/call/pricing/ping HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
      'content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  );
  assert.match(answer, /^HTTP\/1\.1 400 /);
});

test('a body shorter than its length is no call', async () => {
  const before = served.client.calls.length;
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
  socket.on('error', () => {});
  const head =
    'POST /v1/call/pricing/ping HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n';
  socket.end(`${head}{}`);
  socket.resume();
  await once(socket, 'close');
  assert.equal(served.client.calls.length, before);
});

test('requests in one packet are answered in their order', async () => {
  const ping = (body: string, last: boolean) =>
    `POST /v1/call/pricing/ping HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n` +
    `${last ? 'connection: close\r\n' : ''}\r\n${body}`;
  const answer = await exchange(ping('{}', false) + ping('{"a":1}', false) + ping('{}', true));
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map((match) => match[1]);
  assert.deepEqual(statuses, ['200', '400', '200']);
});
