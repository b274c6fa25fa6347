import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
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
  await mkdir(join(runtime, 'tank'), { recursive: true, mode: 0o700 });
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

/** Whether the bridge is found after its folder was changed, having been found before. */
async function isFoundAfter(change: () => Promise<void>): Promise<boolean> {
  const server = await listen();
  const withdraw = await announceBridge(project, runtime);
  try {
    assert.equal(await findRunningService(project, 'tank'), join(runtime, 'tank'));
    await change();
    return (await findRunningService(project, 'tank')) !== undefined;
  } finally {
    withdraw();
    server.close();
  }
}

test('a folder to which others may write is no bridge: they could have made its sockets', async () => {
  for (const mode of [0o777, 0o1777, 0o720]) {
    assert.ok(!(await isFoundAfter(() => chmod(runtime, mode))), mode.toString(8));
    await chmod(runtime, 0o700);
  }
});

test('others may pass through it', async () => {
  assert.ok(await isFoundAfter(() => chmod(runtime, 0o711)));
});

test('nor is a link', async () => {
  const moved = `${runtime}-moved`;
  assert.ok(!(await isFoundAfter(() => rename(runtime, moved).then(() => symlink(moved, runtime)))));
});

const isRoot = process.getuid?.() === 0;
const notRoot = isRoot ? false : 'another user can only be had by root';

test("nor is somebody else's", { skip: notRoot }, async () => {
  assert.ok(!(await isFoundAfter(() => chown(runtime, 65_534, 65_534))));
});

test('a project folder that cannot be written to has no note, and that is no error', async () => {
  (await announceBridge('/dev/null', runtime))();
  assert.equal(await findRunningService('/dev/null', 'tank'), undefined);
});
