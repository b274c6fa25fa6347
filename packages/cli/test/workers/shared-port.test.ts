import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import { SharedPort } from '../../src/workers/shared-port.ts';

const host = '127.0.0.1';

async function listen(port: number, reusePort: boolean): Promise<Server> {
  const server = createServer().listen({ host, port, reusePort });
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  // `as`: it listens on a TCP port.
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

const isInUse = (error: unknown): boolean => error instanceof IsthmusError && /is in use by another/.test(error.detail);

test('of a free port, all get the one that the first was given', async () => {
  const port = new SharedPort({ host, port: 0 });
  const first = await port.lease();
  assert.equal(first.port, 0);
  let others: readonly number[] | undefined;
  const waiting = Promise.all([port.lease(), port.lease()]).then((leases) => {
    others = leases.map((lease) => lease.port);
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(others, undefined, 'they wait for the first');
  first.opened(40_123);
  await waiting;
  assert.deepEqual(others, [40_123, 40_123]);
});

test('when the first gives up, the next one is first', async () => {
  const port = new SharedPort({ host, port: 0 });
  const first = await port.lease();
  const [second, third] = [port.lease(), port.lease()];
  first.end();
  first.end();
  assert.equal((await second).port, 0);
  (await second).opened(40_124);
  assert.equal((await third).port, 40_124);
});

test('a port that somebody listens on is refused, even if he would share it', async () => {
  for (const shared of [false, true]) {
    const taken = await listen(0, shared);
    const portNumber = portOf(taken);
    const port = new SharedPort({ host, port: portNumber });
    await assert.rejects(port.lease(), isInUse);
    await assert.rejects(port.lease(), isInUse, 'whoever is next finds the same');
    await close(taken);
    assert.equal((await port.lease()).port, portNumber);
  }
});

test('whoever comes while none of the others listens looks again', async () => {
  const reserved = await listen(0, true);
  const number = portOf(reserved);
  await close(reserved);
  const port = new SharedPort({ host, port: number });
  const first = await port.lease();
  first.opened(number);
  // As long as one of them listens, the port is theirs.
  const own = await listen(number, true);
  (await port.lease()).end();
  first.end();
  await assert.rejects(port.lease(), isInUse);
  await close(own);
  assert.equal((await port.lease()).port, number);
});

test('an address of another machine is an error', async () => {
  const port = new SharedPort({ host: '192.0.2.1', port: 8080 });
  await assert.rejects(port.lease(), (error) => error instanceof IsthmusError && /EADDRNOTAVAIL/.test(error.detail));
});
