import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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

test('a killed instance listens again', async () => {
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
  });
  assert.notEqual(next, pid);
  assert.equal(supervisor.status[0]?.restarts, 1);
});

test('an instance that ignores SIGTERM and SIGINT is killed after the grace', async () => {
  const log = memoryLog();
  const supervisor = await Supervisor.start({ services: [fakeService('stubborn')], log, runtimeParent: parent });
  const pid = await eventually(() => pidBehind(socketOf(supervisor)));
  await supervisor.stop({ graceMs: 200 });
  assert.equal(isAlive(pid), false);
  assert.ok(log.entries.some(({ message }) => message.includes('did not stop in time')));
  assert.deepEqual(readdirSync(parent), []);
});

test('an instance that drains for longer than half of the grace is interrupted', async () => {
  const log = memoryLog();
  const supervisor = await Supervisor.start({ services: [fakeService('slow')], log, runtimeParent: parent });
  await eventually(() => pidBehind(socketOf(supervisor)));
  const stopped = supervisor.stop({ graceMs: 12_000 });
  assert.equal(supervisor.status[0]?.state, 'draining');
  await stopped;
  const [status] = supervisor.status;
  assert.deepEqual([status?.state, status?.lastExit?.code, status?.lastExit?.signal], ['stopped', 5, null]);
  assert.ok(log.entries.some(({ message }) => message === 'draining'));
  assert.deepEqual(readdirSync(parent), []);
});

/** As the fixture's `crash`, which takes longer to start. */
const lastWords = 'line=1; while [ $line -le 30 ]; do echo "last words $line" >&2; line=$((line + 1)); done; exit 3';

test('a crash loop slows down, and is reported with its last words once, and then now and then', async () => {
  const log = memoryLog();
  await using supervisor = await Supervisor.start({
    services: [fakeService('crash', { command: ['sh', '-c', lastWords] })],
    log,
    runtimeParent: parent,
    backoff: { baseMs: 1, maxMs: 4, random: () => 0.5, stableMs: 60_000 },
  });
  const reports = () => log.entries.filter(({ message }) => message.includes('crash loop'));
  await eventually(() => (reports().length >= 2 ? true : undefined), 60_000);
  assert.deepEqual(
    reports()
      .slice(0, 2)
      .map(({ level, fields }) => [level, fields.deaths, fields.code, fields.signal]),
    [
      ['error', 3, 3, null],
      ['error', 13, 3, null],
    ],
  );
  const delays = log.entries.flatMap(({ fields }) => (typeof fields.delayMs === 'number' ? [fields.delayMs] : []));
  assert.deepEqual(delays.slice(0, 2), [0, 0]);
  const words = Array.from({ length: 20 }, (_, index) => `last words ${index + 11}`);
  assert.deepEqual(reports()[0]?.fields.lastStderr, words);
  const [status] = supervisor.status;
  assert.equal(status?.crashLoop, true);
  assert.deepEqual(status.lastExit && { code: status.lastExit.code, signal: status.lastExit.signal }, {
    code: 3,
    signal: null,
  });
});

test('an instance that runs long enough is out of its crash loop', async () => {
  const log = memoryLog();
  const trouble = join(parent, 'trouble');
  await writeFile(trouble, '');
  await using supervisor = await Supervisor.start({
    services: [fakeService('crash-while', { detail: trouble })],
    log,
    runtimeParent: parent,
    // Not to be taken for stable by a machine that is slow to start it.
    backoff: { baseMs: 1, maxMs: 4, stableMs: 4000 },
  });
  await eventually(() => (supervisor.status[0]?.crashLoop ? true : undefined), 60_000);
  await rm(trouble);
  await eventually(() => (supervisor.status[0]?.crashLoop ? undefined : true), 60_000);
  assert.ok(log.entries.some(({ message }) => message.includes('crash loop is over')));
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
  const line = `GREETING=hello cwd=${parent} HOME=${process.env.HOME ?? 'none'}`;
  await eventually(() => log.entries.find(({ message }) => message === line));
});

test('each instance is told its CPUs, and begins again at the end of the list', async () => {
  await using supervisor = await Supervisor.start({
    services: [fakeService('good', { instances: 3, cpus: ['2,4', '5'] })],
    log: memoryLog(),
    runtimeParent: parent,
  });
  const told = supervisor.status.map(({ pid }) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(-3, -1),
  );
  assert.deepEqual(told, [
    ['--cpus', '2,4'],
    ['--cpus', '5'],
    ['--cpus', '2,4'],
  ]);
});

test('a clean environment has nothing of ours', async () => {
  const log = memoryLog();
  const service = fakeService('environment', { env: { GREETING: 'hello' }, cwd: parent, cleanEnv: true });
  await using _supervisor = await Supervisor.start({ services: [service], log, runtimeParent: parent });
  await eventually(() => log.entries.find(({ message }) => message === `GREETING=hello cwd=${parent} HOME=none`));
});

test('a service starts once those before it are ready, or their time is over', async (t) => {
  for (const ready of [true, false]) {
    await t.test(ready ? 'ready' : 'late', async () => {
      const log = memoryLog();
      const asked = Promise.withResolvers<void>();
      const answer = Promise.withResolvers<void>();
      const starting = Supervisor.start({
        services: [
          fakeService('good', { name: 'last', after: ['first'] }),
          fakeService('good', { name: 'first', startTimeoutMs: ready ? 600_000 : 100 }),
        ],
        async isReady(service, sockets, signal) {
          assert.equal(service, 'first');
          assert.equal(sockets.length, 1);
          asked.resolve();
          await Promise.race([answer.promise, once(signal, 'abort').then(() => signal.throwIfAborted())]);
        },
        log,
        runtimeParent: parent,
      });
      await asked.promise;
      const started = () =>
        log.entries.filter(({ message }) => message === 'instance started').map(({ fields }) => fields.instance);
      if (ready) {
        assert.deepEqual(started(), ['first/1']);
        answer.resolve();
      }
      await using _supervisor = await starting;
      assert.deepEqual(started(), ['first/1', 'last/1']);
      assert.equal(
        log.entries.some(({ message }) => message.includes('is not ready')),
        !ready,
      );
    });
  }
});

test('whoever gives up while services wait for each other leaves nothing', async () => {
  const user = new AbortController();
  await assert.rejects(
    Supervisor.start({
      services: [fakeService('good', { name: 'last', after: ['first'] }), fakeService('good', { name: 'first' })],
      async isReady(_service, _sockets, signal) {
        user.abort(new Error('enough'));
        signal.throwIfAborted();
      },
      signal: user.signal,
      log: memoryLog(),
      runtimeParent: parent,
    }),
    /enough/,
  );
  assert.deepEqual(readdirSync(parent), []);
});

test('services that wait for each other in a circle are refused', async () => {
  const services = [fakeService('good', { name: 'a', after: ['b'] }), fakeService('good', { name: 'b', after: ['a'] })];
  await assert.rejects(
    Supervisor.start({ services, log: memoryLog(), runtimeParent: parent }),
    (error) => error instanceof IsthmusError && error.code === 'CONFIG_INVALID' && /a, b, a/.test(error.detail),
  );
});

test('a command that cannot be run is refused by name, and nothing is left', async () => {
  // With limits there is a shell in front of it, which could be run.
  for (const limits of [{}, { openFiles: 64 }]) {
    const services = [fakeService(), fakeService('good', { name: 'other', command: ['./no-such-program'], limits })];
    await assert.rejects(
      Supervisor.start({ services, log: memoryLog(), runtimeParent: parent }),
      (error) =>
        error instanceof IsthmusError && error.code === 'CONFIG_INVALID' && /no-such-program/.test(error.detail),
    );
    assert.deepEqual(readdirSync(parent), []);
  }
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
