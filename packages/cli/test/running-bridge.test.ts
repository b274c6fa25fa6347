import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { announceBridge, findRunningService } from '../src/running-bridge.ts';

let project = '';
let runtime = '';
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'bridge-test-'));
  runtime = join(project, 'runtime');
  await mkdir(join(runtime, 'tank'), { recursive: true });
});
afterEach(() => rm(project, { recursive: true }));

async function listen() {
  const server = createServer((socket) => socket.destroy()).listen(join(runtime, 'tank/1.sock'));
  await once(server, 'listening');
  return server;
}

test('a bridge is found while one of its instances listens, and no longer', async () => {
  assert.equal(await findRunningService(project, 'tank'), undefined);
  const withdraw = await announceBridge(project, runtime);
  assert.equal(await findRunningService(project, 'tank'), undefined);
  const server = await listen();
  assert.equal(await findRunningService(project, 'tank'), join(runtime, 'tank'));
  assert.equal(await findRunningService(project, 'other'), undefined);
  withdraw();
  assert.equal(await findRunningService(project, 'tank'), undefined);
  assert.deepEqual(await readdir(join(project, '.isthmus')), []);
  server.close();
});

test('the note of a later bridge is left alone', async () => {
  const server = await listen();
  const withdraw = await announceBridge(project, '/nowhere');
  const withdrawLater = await announceBridge(project, runtime);
  withdraw();
  assert.equal(await findRunningService(project, 'tank'), join(runtime, 'tank'));
  withdrawLater();
  server.close();
});

test('a project folder that cannot be written to has no note, and that is no error', async () => {
  (await announceBridge('/dev/null', runtime))();
  assert.equal(await findRunningService('/dev/null', 'tank'), undefined);
});
