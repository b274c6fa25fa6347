/** What doctor says of latency: of machines that are described, and of trees as sysfs has them. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { validateBridge } from '@isthmus/gateway';
import { call, service } from '@isthmus/schema';
import { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { judgePolling, judges, latencyChecks } from '../../src/doctor/latency.ts';
import { type Machine, readMachine } from '../../src/doctor/machine.ts';
import { nowhere, type Placement, placementOf } from '../../src/doctor/placement.ts';

const nothing: Machine = {
  governors: new Map(),
  idleStates: [],
  isolated: [],
  tickless: [],
  hugePages: undefined,
  nodes: [],
};

/** What is said under this name. */
function judge(name: string, machine: Partial<Machine>, placement: Partial<Placement> = {}) {
  const results = judges.map((one) => one({ ...nothing, ...machine }, { ...nowhere, ...placement }));
  return results.find((result) => result.name === name) ?? assert.fail(`nothing about ${name}`);
}

const services = (extra: object) => ({ tank: { schema: service('tank', { ping: call({}) }), ...extra } });
const placed = (config: object) => placementOf(validateBridge(config, '/p/isthmus.config.ts'));

test('a machine that shows nothing gets no hint', () => {
  for (const one of judges) {
    const { status, found, advice } = one(nothing, nowhere);
    assert.deepEqual([status, advice], ['ok', undefined]);
    assert.notEqual(found, '');
  }
});

test('governors: anything but performance is a hint', () => {
  assert.equal(judge('governor', { governors: new Map([['performance', 8]]) }).status, 'ok');
  const { status, found, advice } = judge('governor', {
    governors: new Map([
      ['performance', 1],
      ['powersave', 7],
    ]),
  });
  assert.deepEqual([status, found], ['hint', 'performance (1), powersave (7)']);
  assert.match(advice ?? '', /cpupower frequency-set -g performance/);
});

test('idle states: the deepest counts, and a light one is no hint', () => {
  const light = { name: 'C1', latencyUs: 2 };
  const deep = { name: 'C6', latencyUs: 133 };
  assert.equal(judge('idle states', { idleStates: [{ name: 'POLL', latencyUs: 0 }, light] }).status, 'ok');
  const { status, found } = judge('idle states', { idleStates: [light, deep, { name: 'C1E', latencyUs: 10 }] });
  assert.deepEqual([status, found], ['hint', 'down to C6, which takes 133 us to leave']);
});

test('isolated CPUs: a hint where threads are pinned to others, or to none', () => {
  assert.equal(judge('isolated CPUs', {}).status, 'ok');
  assert.equal(judge('isolated CPUs', { isolated: [2, 3] }, { pinned: [2, 3] }).status, 'ok');
  assert.match(judge('isolated CPUs', { isolated: [2, 3], tickless: [3] }).found, /^2,3; without ticks: 3$/);
  assert.match(judge('isolated CPUs', { isolated: [2, 3] }).advice ?? '', /Nobody uses them/);
  const { status, advice } = judge('isolated CPUs', { isolated: [2] }, { pinned: [1, 2, 4] });
  assert.equal(status, 'hint');
  assert.match(advice ?? '', /isolcpus=1,4 nohz_full=1,4/);
});

test('huge pages: a hint where large rings have none, and where small ones have', () => {
  const statusOf = (hugePages: string, largestRing: number) =>
    judge('huge pages', { hugePages }, { largestRing }).status;
  for (const setting of ['always', 'within_size', 'force']) {
    assert.deepEqual(
      [0, 2 ** 20, 2 ** 23].map((bytes) => statusOf(setting, bytes)),
      ['ok', 'hint', 'ok'],
    );
  }
  for (const setting of ['never', 'deny', 'advise']) {
    assert.deepEqual(
      [0, 2 ** 20, 2 ** 23].map((bytes) => statusOf(setting, bytes)),
      ['ok', 'ok', 'hint'],
    );
  }
});

test('NUMA: threads belong on one node', () => {
  const nodes = [
    [0, 1],
    [2, 3],
  ];
  assert.equal(judge('NUMA', { nodes: [[0, 1, 2, 3]] }, { pinned: [0, 3] }).status, 'ok');
  assert.equal(judge('NUMA', { nodes }, { pinned: [2, 3] }).status, 'ok');
  assert.deepEqual(
    [[], [1, 2]].map((pinned) => judge('NUMA', { nodes }, { pinned })).map(({ status, found }) => [status, found]),
    [
      ['hint', '2 nodes, with threads pinned on none of them'],
      ['hint', '2 nodes, with threads pinned on 2 of them'],
    ],
  );
});

test('polling: more threads than CPUs are a warning', () => {
  const status = (polling: number, cpus: number) => judgePolling({ ...nowhere, polling }, cpus).status;
  assert.deepEqual([status(0, 1), status(2, 2), status(3, 2)], ['ok', 'ok', 'warn']);
  assert.match(judgePolling({ ...nowhere, polling: 3 }, 2).found, /^3 threads poll without pause .* on 2 CPUs$/);
});

test('who is pinned and polls follows from the configuration', () => {
  assert.deepEqual(placed({ services: services({ path: 'x' }) }), { ...nowhere, largestRing: 2 ** 20 });
  assert.deepEqual(placed({ services: services({ path: 'x', wait: 'spin' }) }).polling, 2);
  const command = ['./tank'];
  assert.deepEqual(
    placed({
      http: { cpus: '6,2', workers: 3 },
      services: services({ command, wait: 'spin', instances: 2, threads: 2, cpus: '2-4', replyRingBytes: 2 ** 24 }),
    }),
    { pinned: [2, 3, 4, 6], polling: 3 + 4, largestRing: 2 ** 24 },
  );
});

test('what sysfs says is read', async () => {
  using folder = new TemporaryFolder();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(folder.join(path)), { recursive: true });
    writeFileSync(folder.join(path), `${text}\n`);
  };
  const cpus = 'devices/system/cpu';
  write(`${cpus}/cpufreq/policy0/scaling_governor`, 'powersave');
  write(`${cpus}/cpufreq/policy1/scaling_governor`, 'powersave');
  write(`${cpus}/cpufreq/boost`, '1');
  const states = [
    ['POLL', 0, 0],
    ['C1', 2, 0],
    ['C6', 133, 1],
  ] as const;
  for (const [index, [name, latency, disable]] of states.entries()) {
    for (const [file, value] of Object.entries({ name, latency, disable })) {
      write(`${cpus}/cpu0/cpuidle/state${index}/${file}`, String(value));
    }
  }
  write(`${cpus}/isolated`, '2-3,8');
  write(`${cpus}/nohz_full`, '(null)');
  write('kernel/mm/transparent_hugepage/shmem_enabled', 'always within_size advise [never] deny force');
  write('devices/system/node/node0/cpulist', '0-3');
  write('devices/system/node/node1/cpulist', '4-8');
  write('devices/system/node/node2/cpulist', '');
  assert.deepEqual(await readMachine(folder.path), {
    governors: new Map([['powersave', 2]]),
    idleStates: [
      { name: 'POLL', latencyUs: 0 },
      { name: 'C1', latencyUs: 2 },
    ],
    isolated: [2, 3, 8],
    tickless: [],
    hugePages: 'never',
    nodes: [
      [0, 1, 2, 3],
      [4, 5, 6, 7, 8],
    ],
  });
});

test('an empty tree is a machine that shows nothing', async () => {
  using folder = new TemporaryFolder();
  assert.deepEqual(await readMachine(folder.path), nothing);
});

test('this machine can be judged', async () => {
  const results = await Promise.all(latencyChecks.map((check) => check()));
  assert.equal(new Set(results.map(({ name }) => name)).size, judges.length + 1);
});
