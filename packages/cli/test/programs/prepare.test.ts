import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ServiceSettings, validateBridge } from '@isthmus/gateway';
import { call, service } from '@isthmus/schema';
import { prepareService } from '../../src/programs/prepare.ts';

const schema = service('tank', { ping: call({}) });

async function prepared(extra: object) {
  const folder = await mkdtemp(join(tmpdir(), 'prepare-test-'));
  try {
    const services = { tank: { schema, header: 'tank.h', ...extra } };
    const [settings]: readonly ServiceSettings[] = validateBridge({ services }, join(folder, 'config.ts')).services;
    assert.ok(settings !== undefined);
    return await prepareService(settings, { folder, report: () => {} });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a program is told what differs from the defaults, and no more', async () => {
  const command = ['./tank', 'own'];
  assert.deepEqual((await prepared({ command }))?.command, command);
  const told = await prepared({
    ...{ command, threads: 2, wait: 'block', socketMode: 0o660, drainTimeoutMs: 1500 },
    allow: { uids: [0, 1000], gids: [33] },
  });
  assert.deepEqual(told?.command, [
    ...command,
    ...['--threads', '2', '--wait', 'block', '--mode', '660', '--allow-uid', '0', '--allow-uid', '1000'],
    ...['--allow-gid', '33', '--drain-timeout', '2'],
  ]);
});

test('CPUs are shared among the instances, one for each serving thread', async () => {
  const cpusOf = async (extra: object) =>
    (await prepared({ command: ['./tank'], cpus: '2-4', instances: 2, ...extra }))?.cpus;
  assert.deepEqual(await cpusOf({}), ['2', '3']);
  assert.deepEqual(await cpusOf({ threads: 2 }), ['2,3', '4,2']);
});

test('the supervisor gets the rest', async () => {
  const given = {
    instances: 3,
    env: { A: '1' },
    cleanEnv: true,
    limits: { memoryBytes: undefined, openFiles: 99, cpuSeconds: undefined, cpus: undefined },
    user: 'nobody',
    group: 'daemon',
  };
  const { name, cwd, command, ...told } = (await prepared({ command: ['./tank'], ...given })) ?? assert.fail();
  assert.deepEqual(told, {
    ...given,
    after: [],
    startTimeoutMs: 10_000,
    drainTimeoutMs: 10_000,
    socketMode: 0o600,
  });
  assert.equal(name, 'tank');
  assert.deepEqual(command, ['./tank']);
  assert.match(cwd, /^\/.*prepare-test-/);
});

test('a service of somebody else is not run', async () => {
  assert.equal(await prepared({ path: 'run/tank' }), undefined);
});
