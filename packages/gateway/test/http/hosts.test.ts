/** The gateway answers to its own names only, so that no page of another name can be made one of its own. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { hostCheck, hostProblem, isLoopback, usualHosts } from '../../src/http/hosts.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

test('which addresses only this machine reaches', () => {
  for (const host of [
    'localhost',
    'LOCALHOST',
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
  ]) {
    assert.ok(isLoopback(host), host);
  }
  const others = ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.evil.example', 'localhost.example', '', '::2'];
  for (const host of [...others, '::ffff:10.0.0.1', '127.0.0', '2130706433', 'fe80::1'])
    assert.ok(!isLoopback(host), host);
});

test('the names of a gateway that says none', () => {
  assert.deepEqual(usualHosts('127.0.0.1'), ['localhost', '127.0.0.1', '[::1]', '127.0.0.1']);
  assert.deepEqual(usualHosts('::1'), ['localhost', '127.0.0.1', '[::1]', '[::1]']);
  assert.equal(usualHosts('0.0.0.0'), undefined);
});

test('what is a name', () => {
  for (const host of ['*', 'bridge.example', 'a_b', '10.0.0.1', '[::1]'])
    assert.equal(hostProblem(host), undefined, host);
  for (const host of ['', 'a:80', 'http://a', '::1', 'a b', '*.example', '[::1']) assert.ok(hostProblem(host), host);
});

/** The status and code of a request that says this `Host`. */
async function answer({ url }: TestGateway, host: string): Promise<unknown> {
  const outgoing = request(`${url}/openapi.json`, { headers: { host }, agent: false });
  outgoing.end();
  const [response] = await new Promise<[import('node:http').IncomingMessage]>((resolve, reject) => {
    outgoing.on('response', (...got) => resolve(got)).on('error', reject);
  });
  const body: unknown = await json(response);
  return response.statusCode === 200 ? 200 : Reflect.get(Object(body), 'code');
}

test('by default those of this machine, with any port', async () => {
  await using served = await startGateway();
  const { host } = new URL(served.url);
  for (const good of [host, 'localhost', 'LocalHost:1', '127.0.0.1:80', '[::1]:8080', '[::1]']) {
    assert.equal(await answer(served, good), 200, good);
  }
  const bad = ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example', '127.0.0.2'];
  for (const host of [...bad, 'localhost:x', 'localhost:1:2', 'localhost@evil.example', 'a/localhost']) {
    assert.equal(await answer(served, host), 'FORBIDDEN', host);
  }
});

test('a request that says no name', () => {
  const check = hostCheck(['localhost']);
  assert.ok(check !== undefined);
  for (const header of [undefined, '', ':80']) assert.throws(() => check(header), { code: 'FORBIDDEN' });
});

test('one name, and no more', async () => {
  await using served = await startGateway();
  for (const [first, second] of [
    ['localhost', 'evil.example'],
    ['evil.example', 'localhost'],
    ['localhost', 'localhost'],
  ]) {
    const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
    socket.write(`GET /openapi.json HTTP/1.1\r\nhost: ${first}\r\nhost: ${second}\r\nconnection: close\r\n\r\n`);
    assert.match(await text(socket), /^HTTP\/1\.1 403 /, `${first}, ${second}`);
  }
});

test('those that are listed, or any', async () => {
  await using listed = await startGateway(undefined, { hosts: ['Bridge.example'] });
  assert.equal(await answer(listed, 'bridge.EXAMPLE:8443'), 200);
  assert.equal(await answer(listed, 'localhost'), 'FORBIDDEN');
  await using any = await startGateway(undefined, { hosts: ['*'] });
  assert.equal(await answer(any, 'evil.example'), 200);
  await using wide = await startGateway(undefined, { host: '0.0.0.0' });
  assert.equal(await answer({ ...wide, url: wide.url.replace('0.0.0.0', '127.0.0.1') }, 'evil.example'), 200);
});

test('a page whose name leads here cannot open the WebSocket, though it looks like one of our own', async () => {
  await using served = await startGateway();
  const port = new URL(served.url).port;
  const headers = { host: `evil.example:${port}`, origin: `http://evil.example:${port}` };
  const socket = new WebSocket(`${served.url.replace('http', 'ws')}/v1/watch`, { headers });
  const status = await new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.on('open', () => resolve('open'));
  });
  assert.equal(status, 403);
  socket.terminate();
});
