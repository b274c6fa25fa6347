import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ErrorCode, IsthmusError } from '@isthmus/schema';
import { identityOf } from '../../src/supervisor/identity.ts';
import { Supervisor } from '../../src/supervisor/index.ts';
import { makeRuntimeFolder } from '../../src/supervisor/runtime-folder.ts';
import { eventually, fakeService, memoryLog } from './fixtures/helpers.ts';

const isRoot = process.getuid?.() === 0;
const asRoot = { skip: isRoot ? false : 'only root can become somebody else' };

function refusedWith(code: ErrorCode, pattern: RegExp) {
  return (error: unknown) => error instanceof IsthmusError && error.code === code && pattern.test(error.detail);
}

test('nobody, and oneself, need nothing', async () => {
  const { uid, gid, username } = userInfo();
  assert.equal(await identityOf({ name: 'tank' }), undefined);
  assert.equal(await identityOf({ name: 'tank', user: String(uid), group: String(gid) }), undefined);
  assert.equal(await identityOf({ name: 'tank', user: username, group: String(gid) }), undefined);
});

test('who does not exist is refused by the key', async () => {
  const gone = 'no-such-name';
  await assert.rejects(identityOf({ name: 'tank', user: gone }), refusedWith('CONFIG_INVALID', /tank\.user.*no user/));
  await assert.rejects(
    identityOf({ name: 'tank', group: gone }),
    refusedWith('CONFIG_INVALID', /tank\.group.*no group/),
  );
  // A number that nobody has is an id all the same, but says nothing of a group.
  await assert.rejects(
    identityOf({ name: 'tank', user: '3999999999' }),
    refusedWith('CONFIG_INVALID', /tank\.user.*say which in group/),
  );
});

test('names and numbers are found', asRoot, async () => {
  assert.deepEqual(await identityOf({ name: 'tank', user: 'nobody' }), { uid: 65_534, gid: 65_534 });
  assert.deepEqual(await identityOf({ name: 'tank', user: '65534', group: 'daemon' }), { uid: 65_534, gid: 1 });
  assert.deepEqual(await identityOf({ name: 'tank', group: '54321' }), { uid: 0, gid: 54_321 });
  assert.deepEqual(await identityOf({ name: 'tank', user: '54321', group: '1' }), { uid: 54_321, gid: 1 });
});

test('only root may start programs as somebody else', { skip: isRoot ? 'this is root' : false }, async () => {
  await assert.rejects(identityOf({ name: 'tank', user: 'root' }), refusedWith('CONFIG_INVALID', /only root/));
});

test('an instance has the rights of its user and no others, and a folder of his', asRoot, async () => {
  const parent = await mkdtemp(join(tmpdir(), 'identity-test-'));
  try {
    await chmod(parent, 0o711);
    const log = memoryLog();
    const service = fakeService('identity', { user: 'nobody', cwd: '/' });
    // What it runs has to be where everybody can read it.
    const command = ['sh', '-c', 'echo "$(id -u) $(id -g) $(id -G)"; exec sleep 1000'];
    await using supervisor = await Supervisor.start({
      services: [
        { ...service, command },
        { ...fakeService(), name: 'ours' },
      ],
      log,
      runtimeParent: parent,
    });
    await eventually(() => log.entries.find(({ message }) => message === '65534 65534 65534'));
    const folder = await stat(supervisor.serviceFolder('pricing'));
    assert.deepEqual([folder.uid, folder.gid, folder.mode & 0o777], [65_534, 65_534, 0o700]);
    assert.equal((await stat(supervisor.runtimeFolder)).mode & 0o777, 0o711);
    assert.equal((await stat(supervisor.serviceFolder('ours'))).mode & 0o777, 0o700);
  } finally {
    await rm(parent, { recursive: true });
  }
});

test('a program that its user cannot get to is told from one that is not there', asRoot, async () => {
  // Nobody but root can enter it.
  const folder = await mkdtemp(join(tmpdir(), 'identity-test-'));
  try {
    const program = join(folder, 'pricing');
    await writeFile(program, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
    const services = [{ ...fakeService('identity', { user: 'nobody', cwd: '/' }), command: [program] }];
    await assert.rejects(
      Supervisor.start({ services, log: memoryLog() }),
      refusedWith('CONFIG_INVALID', /pricing cannot be run in \/ by user 65534, group 65534 \(EACCES\)/),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a folder lets in whom its sockets let in', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'identity-test-'));
  try {
    const modes = [
      [0o600, 0o700, 0o700],
      [0o660, 0o750, 0o711],
      [0o666, 0o755, 0o711],
    ] as const;
    for (const [socketMode, inner, outer] of modes) {
      const folder = await makeRuntimeFolder({ services: [{ name: 'tank', instances: 1 }], parent });
      await folder.prepare({ service: 'tank', socketMode });
      assert.equal((await stat(folder.serviceFolder('tank'))).mode & 0o777, inner);
      assert.equal((await stat(folder.path)).mode & 0o777, outer);
      folder.remove();
    }
  } finally {
    await rm(parent, { recursive: true });
  }
});
