import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { IsthmusError } from '@isthmus/schema';
import { Supervisor } from '../../src/supervisor/index.ts';
import { eventually, fakeService, isAlive, memoryLog, pidBehind } from './fixtures/helpers.ts';

let parent = '';
before(async () => {
  parent = await mkdtemp(join(tmpdir(), 'supervisor-test-'));
});
after(() => rm(parent, { recursive: true }));

const socketOf = (supervisor: Supervisor, number = 1) => join(supervisor.serviceFolder('pricing'), `${number}.sock`);

test('starts every instance with a socket of its own, in a folder only we can enter', async () => {
  const log = memoryLog();
  await using supervisor = await Supervisor.start({
    services: [fakeService('good', { instances: 2 })],
    log,
    runtimeParent: parent,
  });
  const first = await eventually(() => pidBehind(socketOf(supervisor, 1)));
  const second = await eventually(() => pidBehind(socketOf(supervisor, 2)));
  assert.notEqual(first, second);
  assert.deepEqual(
    supervisor.status.map(({ name, pid, state }) => ({ name, pid, state })),
    [
      { name: 'pricing/1', pid: first, state: 'running' },
      { name: 'pricing/2', pid: second, state: 'running' },
    ],
  );
  assert.equal(statSync(supervisor.runtimeFolder).mode & 0o777, 0o700);
});

test('stop ends the processes and leaves no file', async () => {
  const supervisor = await Supervisor.start({ services: [fakeService()], log: memoryLog(), runtimeParent: parent });
  const pid = await eventually(() => pidBehind(socketOf(supervisor)));
  await supervisor.stop();
  assert.equal(isAlive(pid), false);
  assert.deepEqual(readdirSync(parent), []);
  await supervisor.stop();
});

test('a killed instance listens again within a second', async () => {
  await using supervisor = await Supervisor.start({
    services: [fakeService()],
    log: memoryLog(),
    runtimeParent: parent,
  });
  const pid = await eventually(() => pidBehind(socketOf(supervisor)));
  process.kill(pid, 'SIGKILL');
  const next = await eventually(async () => {
    const found = await pidBehind(socketOf(supervisor));
    return found === pid ? undefined : found;
  }, 1000);
  assert.notEqual(next, pid);
  assert.equal(supervisor.status[0]?.restarts, 1);
});

test('an instance that ignores SIGTERM is killed after the grace', async () => {
  const log = memoryLog();
  const supervisor = await Supervisor.start({ services: [fakeService('stubborn')], log, runtimeParent: parent });
  const pid = await eventually(() => pidBehind(socketOf(supervisor)));
  const begun = performance.now();
  await supervisor.stop({ graceMs: 200 });
  assert.ok(performance.now() - begun < 1000);
  assert.equal(isAlive(pid), false);
  assert.ok(log.entries.some(({ message }) => message.includes('did not stop in time')));
  assert.deepEqual(readdirSync(parent), []);
});

test('a crash loop slows down and is visible in the log', async () => {
  const log = memoryLog();
  await using supervisor = await Supervisor.start({
    services: [fakeService('crash')],
    log,
    runtimeParent: parent,
    backoff: { baseMs: 20, random: () => 0.5 },
  });
  await eventually(() => log.entries.find(({ level, message }) => level === 'error' && message.includes('crash loop')));
  const delays = () =>
    log.entries.flatMap(({ fields }) => (typeof fields.delayMs === 'number' ? [fields.delayMs] : []));
  await eventually(() => (delays().length >= 3 ? true : undefined));
  const [first = 0, second = 0, third = 0] = delays();
  assert.ok(first < second && second < third, `delays grow: ${delays().join(', ')}`);
  assert.equal(supervisor.status.length, 1);
});

test('every line an instance writes is logged under its name, long ones cut', async () => {
  const log = memoryLog();
  await using _supervisor = await Supervisor.start({
    services: [fakeService('long-line')],
    log,
    runtimeParent: parent,
  });
  const after = await eventually(() => log.entries.find(({ message }) => message === 'after'));
  assert.equal(after.fields.instance, 'pricing/1');
  assert.equal(after.fields.stream, 'stdout');
  const long = log.entries.find(({ fields }) => fields.truncated === true);
  assert.equal(long?.message.length, 8192);
});

test("env and cwd of the service are the instance's", async () => {
  const log = memoryLog();
  const service = fakeService('environment', { env: { GREETING: 'hello' }, cwd: parent });
  await using _supervisor = await Supervisor.start({ services: [service], log, runtimeParent: parent });
  await eventually(() => log.entries.find(({ message }) => message === `GREETING=hello cwd=${parent}`));
});

test('a command that cannot be run is refused by name, and nothing is left', async () => {
  const services = [fakeService(), fakeService('good', { name: 'other', command: ['./no-such-program'] })];
  await assert.rejects(
    Supervisor.start({ services, log: memoryLog(), runtimeParent: parent }),
    (error) => error instanceof IsthmusError && error.code === 'CONFIG_INVALID' && /no-such-program/.test(error.detail),
  );
  assert.deepEqual(readdirSync(parent), []);
});

test('a socket path that the system cannot take is refused with the limit', async () => {
  const services = [fakeService('good', { name: 'p'.repeat(90) })];
  await assert.rejects(
    Supervisor.start({ services, log: memoryLog(), runtimeParent: parent }),
    (error) => error instanceof IsthmusError && error.code === 'INVALID_ARGUMENT' && /107/.test(error.detail),
  );
  assert.deepEqual(readdirSync(parent), []);
});

/** A process with a supervisor of its own, which prints the instance's pid and folder once it listens. */
function spawnHost(end: string) {
  const host = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/host.ts'), parent, end], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = new Promise<{ pid: number; folder: string }>((resolve) => {
    host.stdout.once('data', (chunk: Buffer) => resolve(JSON.parse(chunk.toString())));
  });
  return { host, line };
}

test('no instance outlives a supervisor that was killed', async () => {
  const { host, line } = spawnHost('wait');
  const { pid, folder } = await line;
  host.kill('SIGKILL');
  await eventually(() => (isAlive(pid) ? undefined : true));
  await rm(folder, { recursive: true });
});

test('a process that just exits takes its instances and their folder along', async () => {
  const { line } = spawnHost('exit');
  const { pid, folder } = await line;
  await eventually(() => (isAlive(pid) ? undefined : true));
  await eventually(() => (existsSync(folder) ? undefined : true));
});
