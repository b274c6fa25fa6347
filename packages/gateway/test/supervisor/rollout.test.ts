/** Rollouts of programs that stand in for services: what is started, kept and ended, and what is said of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IsthmusError } from '@isthmus/schema';
import { type Readiness, type RolloutEvent, Supervisor } from '../../src/supervisor/index.ts';
import { eventually, fakeService, isAlive, memoryLog, pidBehind } from './fixtures/helpers.ts';

let parent = '';
before(async () => {
  parent = await mkdtemp(join(tmpdir(), 'rollout-test-'));
});
after(() => rm(parent, { recursive: true }));

const isReady: Readiness = async (_service, sockets, signal) => {
  for (const socket of sockets) {
    while ((await pidBehind(socket)) === undefined) await sleep(10, undefined, { signal });
  }
};

async function start(instances: number) {
  const log = memoryLog();
  const supervisor = await Supervisor.start({
    services: [fakeService('good', { instances })],
    log,
    runtimeParent: parent,
  });
  for (const { socketPath } of supervisor.status) await eventually(() => pidBehind(socketPath));
  const events: RolloutEvent[] = [];
  const report = (event: RolloutEvent) => void events.push(event);
  const shown = () => events.map(({ event, instance }) => `${event} ${instance}`);
  return { supervisor, log, events, shown, options: { isReady, report } };
}

function namesOf(supervisor: Supervisor): readonly string[] {
  return supervisor.status.map(({ name, state }) => `${name} ${state}`);
}

function rolloutFailed(pattern: RegExp) {
  return (error: unknown) =>
    error instanceof IsthmusError && error.code === 'ROLLOUT_FAILED' && pattern.test(error.detail);
}

test('new instances come up beside the old ones, which then end one by one', async () => {
  const { supervisor, events, shown, options } = await start(2);
  await using _ = supervisor;
  const old = supervisor.status.map(({ pid }) => pid ?? 0);
  await supervisor.rollout(fakeService('good', { instances: 3, env: { VERSION: '2' } }), options);
  assert.deepEqual(shown(), [
    'starting pricing/3',
    'starting pricing/4',
    'starting pricing/5',
    'ready pricing/3',
    'ready pricing/4',
    'ready pricing/5',
    'draining pricing/1',
    'ended pricing/1',
    'draining pricing/2',
    'ended pricing/2',
  ]);
  const ended = events.filter(({ event }) => event === 'ended');
  for (const { exit } of ended) assert.deepEqual([exit?.code, exit?.signal], [0, null]);
  assert.deepEqual(namesOf(supervisor), ['pricing/3 running', 'pricing/4 running', 'pricing/5 running']);
  assert.deepEqual(old.filter(isAlive), []);
  assert.equal(supervisor.serviceNow('pricing')?.env.VERSION, '2');

  // The numbers of those that have gone are free again, and what came is kept running.
  const [first] = supervisor.status;
  process.kill(first?.pid ?? 0, 'SIGKILL');
  await eventually(() => (supervisor.status[0]?.restarts === 1 ? true : undefined));
  await supervisor.rollout(fakeService(), options);
  assert.deepEqual(namesOf(supervisor), ['pricing/1 running']);
});

test('new instances that die leave the old ones as they were, and their last words', async () => {
  const { supervisor, log, shown, options } = await start(1);
  await using _ = supervisor;
  const pid = await eventually(() => supervisor.status[0]?.pid);
  await assert.rejects(
    supervisor.rollout(fakeService('crash', { instances: 2 }), options),
    rolloutFailed(/pricing\/[23] ended with exit code 3\n.*last words 11\n[\s\S]*last words 30$/),
  );
  assert.deepEqual(shown(), ['starting pricing/2', 'starting pricing/3']);
  assert.deepEqual(namesOf(supervisor), ['pricing/1 running']);
  assert.equal(supervisor.status[0]?.pid, pid);
  assert.ok(log.entries.some(({ level, message }) => level === 'error' && message.includes('rollout failed')));
  assert.deepEqual(readdirSync(supervisor.serviceFolder('pricing')), ['1.sock']);
});

test('new instances that take no calls in time are given up, and so is a command that cannot be run', async () => {
  const { supervisor, options } = await start(1);
  await using _ = supervisor;
  await assert.rejects(
    supervisor.rollout(fakeService('deaf', { startTimeoutMs: 200 }), options),
    rolloutFailed(/pricing: not all took calls within 200 ms/),
  );
  await assert.rejects(
    supervisor.rollout(fakeService('good', { command: ['./no-such-program'] }), options),
    rolloutFailed(/no-such-program/),
  );
  assert.deepEqual(namesOf(supervisor), ['pricing/1 running']);
  assert.equal(supervisor.isRollingOut('pricing'), false);
});

test('a new instance that dies after it took calls is found out', async () => {
  const { supervisor, options } = await start(1);
  await using _ = supervisor;
  const deadly: Readiness = async (service, sockets, signal) => {
    await isReady(service, sockets, signal);
    const fresh = supervisor.status.find(({ socketPath }) => sockets.includes(socketPath));
    process.kill(fresh?.pid ?? 0, 'SIGKILL');
    await eventually(() => (supervisor.status.some(({ state }) => state === 'stopped') ? true : undefined));
  };
  await assert.rejects(
    supervisor.rollout(fakeService(), { ...options, isReady: deadly }),
    rolloutFailed(/pricing\/2 was ended by SIGKILL/),
  );
  assert.deepEqual(namesOf(supervisor), ['pricing/1 running']);
});

test('the death of an old instance does not matter to a rollout', async () => {
  const { supervisor, options } = await start(2);
  await using _ = supervisor;
  const deadly: Readiness = async (service, sockets, signal) => {
    process.kill(supervisor.status[0]?.pid ?? 0, 'SIGKILL');
    await eventually(() => (supervisor.status[0]?.restarts === 1 ? true : undefined));
    await isReady(service, sockets, signal);
  };
  await supervisor.rollout(fakeService(), { ...options, isReady: deadly });
  assert.deepEqual(namesOf(supervisor), ['pricing/3 running']);
});

test('an old instance that has nobody to wait for is interrupted, and killed, in its time', async () => {
  const log = memoryLog();
  const services = [fakeService('stubborn')];
  await using supervisor = await Supervisor.start({ services, log, runtimeParent: parent });
  await eventually(() => pidBehind(join(supervisor.serviceFolder('pricing'), '1.sock')));
  const exits: RolloutEvent['exit'][] = [];
  await supervisor.rollout(fakeService('good', { drainTimeoutMs: 100 }), {
    isReady,
    report: ({ event, exit }) => void (event === 'ended' && exits.push(exit)),
  });
  assert.equal(exits[0]?.signal, 'SIGKILL');
  assert.deepEqual(namesOf(supervisor), ['pricing/2 running']);
});

test('one rollout of a service at a time, of a service that is there', async () => {
  const { supervisor, options } = await start(1);
  await using _ = supervisor;
  const first = supervisor.rollout(fakeService(), options);
  assert.equal(supervisor.isRollingOut('pricing'), true);
  await assert.rejects(supervisor.rollout(fakeService(), options), rolloutFailed(/another rollout/));
  await first;
  await assert.rejects(
    supervisor.rollout(fakeService('good', { name: 'other' }), options),
    (error) => error instanceof IsthmusError && error.code === 'UNKNOWN_SERVICE',
  );
});

test('stopping in the midst of a rollout leaves nothing', async (t) => {
  await t.test('while new instances come up', async () => {
    const { supervisor, options } = await start(1);
    const waiting = Promise.withResolvers<void>();
    const never: Readiness = async (_service, _sockets, signal) => {
      waiting.resolve();
      await once(signal, 'abort');
      signal.throwIfAborted();
    };
    const rollout = supervisor.rollout(fakeService(), { ...options, isReady: never });
    const failed = assert.rejects(rollout, rolloutFailed(/the bridge stops/));
    await waiting.promise;
    const pids = supervisor.status.map(({ pid }) => pid ?? 0);
    assert.equal(pids.length, 2);
    await supervisor.stop();
    await failed;
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(readdirSync(parent), []);
    await assert.rejects(supervisor.rollout(fakeService(), options), rolloutFailed(/the bridge stops/));
  });
  await t.test('while old ones drain', async () => {
    const services = [fakeService('slow')];
    const supervisor = await Supervisor.start({ services, log: memoryLog(), runtimeParent: parent });
    await eventually(() => pidBehind(join(supervisor.serviceFolder('pricing'), '1.sock')));
    const draining = Promise.withResolvers<void>();
    const rollout = supervisor.rollout(fakeService('good', { drainTimeoutMs: 600_000 }), {
      isReady,
      report: ({ event }) => event === 'draining' && draining.resolve(),
    });
    await draining.promise;
    const pids = supervisor.status.map(({ pid }) => pid ?? 0);
    await Promise.all([supervisor.stop(), rollout]);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(readdirSync(parent), []);
  });
});
