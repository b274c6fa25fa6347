/** The bounds of a connection: whoever is slow, large or many costs himself alone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../../../test/support/eventually.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

function open({ url }: TestGateway): { readonly socket: Socket; readonly received: () => string } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  return { socket, received: () => received };
}

/** Sends a byte every few ms for as long as the other side listens. */
async function drip(socket: Socket, byte: string): Promise<void> {
  while (!socket.closed && !socket.destroyed && !socket.readableEnded) {
    socket.write(byte);
    await delay(50);
  }
}

test('a head that comes byte by byte is cut off, and others are served meanwhile', async () => {
  await using served = await startGateway(undefined, { headersTimeoutMs: 4000, requestTimeoutMs: 60_000 });
  const slow = Array.from({ length: 20 }, () => open(served));
  for (const { socket } of slow) socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ');
  const ends = slow.map(({ socket }) => drip(socket, 'a'));
  assert.equal((await fetch(`${served.url}/healthz`)).status, 200);
  await Promise.all(ends);
  for (const { received } of slow) assert.match(received(), /^HTTP\/1\.1 400 .*INVALID_ARGUMENT/s);
});

test('a body that comes byte by byte too', async () => {
  await using served = await startGateway(undefined, { requestTimeoutMs: 300 });
  const { socket, received } = open(served);
  const head = 'host: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n';
  socket.write(`POST /v1/call/pricing/ping HTTP/1.1\r\n${head}\r\n`);
  await drip(socket, ' ');
  assert.match(received(), /^HTTP\/1\.1 400 /);
  assert.equal(served.client.calls.length, 0);
});

test('a connection that says nothing, and one that has nothing more to say', async () => {
  await using served = await startGateway(undefined, { headersTimeoutMs: 4000, keepAliveTimeoutMs: 200 });
  const silent = open(served);
  await once(silent.socket, 'close');
  const idle = open(served);
  idle.socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(idle.socket, 'close');
  assert.match(idle.received(), /^HTTP\/1\.1 200 /);
});

test('a head has a bound', async () => {
  await using served = await startGateway(undefined, { maxHeaderBytes: 4096 });
  const send = async (bytes: number) => {
    const { socket, received } = open(served);
    const padding = `x: ${'a'.repeat(bytes)}\r\n`;
    socket.write(`GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${padding}\r\n`);
    await once(socket, 'close');
    return /^HTTP\/1\.1 (\d+) /.exec(received())?.[1];
  };
  assert.equal(await send(3000), '200');
  assert.equal(await send(5000), '400');
});

test('so has the number of connections: one more is closed at once, and a place is free again later', async () => {
  await using served = await startGateway(undefined, { maxConnections: 3 });
  const kept = Array.from({ length: 3 }, () => open(served));
  for (const { socket, received } of kept) {
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await eventually('an answer', () => received() !== '');
  }
  const refused = open(served);
  await once(refused.socket, 'close');
  assert.equal(refused.received(), '');
  kept[0]?.socket.destroy();
  await eventually(
    'a place',
    async () => {
      const { socket, received } = open(served);
      socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
      if (!socket.closed) await once(socket, 'close');
      return received().startsWith('HTTP/1.1 200 ');
    },
    20_000,
  );
  for (const { socket } of kept) socket.destroy();
});
