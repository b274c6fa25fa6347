/** The keys of services that Isthmus starts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, IsthmusError, service } from '@isthmus/schema';
import { checkSupervised, type ProcessSettings, validateBridge } from '../../src/config/index.ts';
import { tank, usualProcess } from './fixtures.ts';

const file = '/project/isthmus.config.ts';
const command = ['./build/tank'];

function processOf(extra: object): ProcessSettings | undefined {
  const [settings] = validateBridge({ services: { tank: { schema: tank, command, ...extra } } }, file).services;
  return settings?.origin.kind === 'command' ? settings.origin.process : undefined;
}

function refusalOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    assert.ok(error instanceof IsthmusError);
    return `${error.code} ${error.detail}`;
  }
  assert.fail('it was accepted');
}

test('what is given is taken, and what goes with it follows', () => {
  assert.deepEqual(processOf({}), { ...usualProcess, cwd: '/project' });
  const given = {
    threads: 2,
    cpus: '2,4-7',
    cleanEnv: true,
    startTimeoutMs: 1,
    drainTimeoutMs: 3_600_000,
    limits: { memoryBytes: 2 ** 30, openFiles: 64, cpuSeconds: 60, cpus: '0-1,4' },
    user: 'www-data',
    group: '33',
    socketMode: 0o660,
    allow: { uids: [0, 1000] },
  };
  assert.deepEqual(processOf(given), {
    ...usualProcess,
    ...given,
    cwd: '/project',
    allow: { uids: [0, 1000], gids: [] },
  });
});

test('a handler may take as long as its calls, and nobody is looked for who need not be', () => {
  const livenessOf = (extra: object) => processOf(extra)?.liveness;
  assert.equal(livenessOf({ timeoutMs: 30_000 })?.timeoutMs, 30_000);
  assert.equal(livenessOf({ timeoutMs: 100 })?.timeoutMs, 10_000);
  assert.equal(livenessOf({ timeoutMs: 30_000, liveness: { timeoutMs: 50 } })?.timeoutMs, 50);
  assert.deepEqual(livenessOf({ liveness: { replace: false } }), { ...usualProcess.liveness, replace: false });
  assert.equal(livenessOf({ liveness: false }), undefined);
});

test('what is wrong is refused by its key', () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ limits: { memoryBytes: 1024 } }, 'limits.memoryBytes: must be a whole number from 16,777,216'],
    [{ limits: { openFiles: 1.5 } }, 'limits.openFiles: must be a whole number'],
    [{ limits: { cpus: '0; reboot' } }, 'limits.cpus: must be a list of CPUs such as 0-1,4, not "0; reboot"'],
    [{ limits: { cpus: '0,7-3' } }, 'limits.cpus: must have its ranges from the lower CPU to the higher one, not 7-3'],
    [{ cpus: 2 }, 'cpus: must be a list of CPUs such as 0-1,4, not 2'],
    [{ cpus: '4-2' }, 'cpus: must have its ranges from the lower CPU to the higher one, not 4-2'],
    [{ limits: { memory: 5 } }, 'limits.memory: is not a key'],
    [{ liveness: true }, 'liveness: must be an object'],
    [{ liveness: { replace: 1 } }, 'liveness.replace: must be true or false, not 1'],
    [{ user: '-x' }, 'user: must be a name or a number, as a text, not "-x"'],
    [{ user: 1000 }, 'user: must be a name or a number, as a text, not 1000'],
    [{ group: 'a b' }, 'group: must be a name or a number'],
    [{ socketMode: 0o1777 }, 'socketMode: must be permission bits'],
    [{ allow: { uids: [-1] } }, 'allow.uids[0]: must be a whole number'],
    [{ allow: { gids: [null] } }, 'allow.gids[0]: must be a whole number'],
    [{ allow: { gids: Array.from({ length: 65 }, () => 1) } }, 'allow.gids: must be at most 64, not 65'],
    [{ after: 'feed' }, 'after: must be a list, not "feed"'],
    [{ after: ['feed'] }, 'after: feed is no service that Isthmus starts'],
    [{ after: ['tank'] }, 'after: goes in a circle: tank, tank'],
    [{ cleanEnv: 'yes' }, 'cleanEnv: must be true or false'],
    [{ drainTimeoutMs: 0 }, 'drainTimeoutMs: must be a whole number from 1'],
  ];
  for (const [extra, problem] of cases) {
    const refusal = refusalOf(() => processOf(extra));
    assert.ok(refusal.startsWith(`CONFIG_INVALID isthmus.config.ts: services.tank.${problem}`), refusal);
  }
});

test('a service starts after others that Isthmus starts, and after no others', () => {
  const other = service('other', { ping: call({}) });
  const services = (extra: object) => ({
    services: { tank: { schema: tank, command, after: ['other'] }, other: { schema: other, ...extra } },
  });
  assert.equal(validateBridge(services({ command }), file).services.length, 2);
  assert.match(
    refusalOf(() => validateBridge(services({ path: 'run/other' }), file)),
    /tank\.after: other is no service that Isthmus starts/,
  );
  assert.match(
    refusalOf(() => validateBridge(services({ command, after: ['tank'] }), file)),
    /services\.tank\.after: goes in a circle: tank, other, tank/,
  );
  assert.match(
    refusalOf(() => validateBridge({ services: { tank: { schema: tank, path: 'x', after: [] } } }, file)),
    /tank\.after: is for a service that Isthmus starts/,
  );
});

test('a service that comes over a socket is checked as well', () => {
  const given = { name: 'tank', command, cwd: '/project', env: { A: '1' }, instances: 2, after: [] };
  const { name, cwd, instances, drainTimeoutMs } = checkSupervised(JSON.parse(JSON.stringify(given)));
  assert.deepEqual([name, cwd, instances, drainTimeoutMs], ['tank', '/project', 2, 10_000]);
  const cases = [
    [null, 'service.name: must be a text'],
    [{ ...given, command: [] }, 'service.command: must be a list of at least one text'],
    [{ ...given, cwd: 'project' }, 'service.cwd: must be an absolute path'],
    [{ ...given, env: { A: 1 } }, 'service.env.A: must be a text'],
    [{ ...given, limits: { cpus: '$(x)' } }, 'service.limits.cpus: must be a list of CPUs'],
    [{ ...given, cpus: '2' }, 'service.cpus: must be a list'],
    [{ ...given, cpus: ['2', 'x'] }, 'service.cpus[1]: must be a list of CPUs'],
    [{ ...given, more: 1 }, 'service.more: is not a key'],
  ] as const;
  for (const [value, problem] of cases) {
    const refusal = refusalOf(() => checkSupervised(value));
    assert.ok(refusal.startsWith(`INVALID_ARGUMENT ${problem}`), refusal);
  }
});
