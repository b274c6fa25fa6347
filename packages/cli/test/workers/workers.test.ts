import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { listCpus } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import { Workers, type WorkersOptions } from '../../src/workers/workers.ts';
import { eventually } from '../fixtures/eventually.ts';

const program = join(import.meta.dirname, '../fixtures/fake-worker.ts');

/** `behaviours`: what each of them does, see the program. */
function workersOf(t: TestContext, behaviours: string, options: Partial<WorkersOptions> = {}) {
  const lines: string[] = [];
  const write = (fields: object, message: string) => {
    lines.push(`${Reflect.get(fields, 'worker')} ${message}`);
  };
  const workers = new Workers({
    ...{ count: behaviours.split(',').length, host: '127.0.0.1', port: 0, program },
    job: () => ({ request: { files: [], config: behaviours }, runtimeFolder: '/', instances: {}, fingerprint: '' }),
    log: { info: write, warn: write, error: write },
    backoff: { baseMs: 1, maxMs: 10, stableMs: 60_000 },
    ...options,
  });
  t.after(() => workers.stop(0));
  return { workers, lines };
}

function failsWith(code: string, detail: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof IsthmusError && error.code === code && detail.test(error.detail);
}

/** @throws where somebody else listens there. */
async function listenAlone(url: string): Promise<void> {
  const server = createServer().listen({ host: '127.0.0.1', port: Number(new URL(url).port), exclusive: true });
  await once(server, 'listening');
  server.close();
}

test('all listen on one port, say what they do, and stop', async (t) => {
  const { workers } = workersOf(t, 'serve,serve');
  const url = await workers.start();
  assert.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  const [first, second] = await eventually(async () => {
    const reports = await workers.report();
    return reports.every(({ requests }) => requests !== null) ? reports : undefined;
  });
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual([first.number, first.state, first.restarts, first.crashLoop], [1, 'ready', 0, false]);
  assert.deepEqual([first.connections, first.requests, first.inFlight, first.lastExit], [1, 2, 0, null]);
  assert.ok(first.pid !== null && first.pid !== second.pid && (first.uptimeMs ?? 0) > 0);

  await workers.stop(60_000);
  assert.deepEqual(
    (await workers.report()).map(({ state, pid, lastExit }) => [state, pid, lastExit?.code]),
    [
      ['stopped', null, 0],
      ['stopped', null, 0],
    ],
  );
  await listenAlone(url);
});

test('one that says nothing is not waited for without end, and killed when it does not stop', async (t) => {
  const { workers, lines } = workersOf(t, 'deaf');
  await workers.start();
  const [deaf] = await workers.report();
  assert.deepEqual([deaf?.state, deaf?.connections, deaf?.requests, deaf?.inFlight], ['ready', null, null, null]);
  await workers.stop(20);
  const [gone] = await workers.report();
  assert.deepEqual([gone?.state, gone?.lastExit?.signal], ['stopped', 'SIGKILL']);
  assert.ok(lines.includes('1 worker did not stop in time and is killed'));
});

test('the start fails with what one of them says', async (t) => {
  const { workers } = workersOf(t, 'serve,refuse');
  await assert.rejects(workers.start(), failsWith('CONFIG_INVALID', /^as told$/));
});

test('and with how one of them ended', async (t) => {
  const { workers } = workersOf(t, 'die,serve');
  await assert.rejects(workers.start(), failsWith('SYSTEM', /^worker 1 ended with exit code 3 before it served$/));
});

test('and where one cannot be pinned', async (t) => {
  const { workers } = workersOf(t, 'serve', { cpus: [100_000] });
  await assert.rejects(workers.start(), failsWith('SYSTEM', /^worker 1 ended with exit code 1 before it served$/));
});

test('one that dies is started again on the same port, and the other is left alone', async (t) => {
  const { workers, lines } = workersOf(t, 'serve,serve');
  const url = await workers.start();
  const [, other] = await workers.report();
  for (let death = 1; death <= 3; death += 1) {
    const { pid } = (await workers.report())[0] ?? assert.fail();
    assert.ok(pid !== null);
    process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const [first] = await workers.report();
      return first?.state === 'ready' && first.restarts === death ? first : undefined;
    });
  }
  const [first, second] = await workers.report();
  assert.deepEqual([first?.crashLoop, first?.lastExit?.signal], [true, 'SIGKILL']);
  assert.deepEqual([second?.pid, second?.restarts, second?.crashLoop], [other?.pid, 0, false]);
  assert.ok(lines.includes('1 worker is in a crash loop: it died again soon after its start'));
  await assert.rejects(listenAlone(url), /EADDRINUSE/);
});

test('each is pinned to a CPU, in turn', { skip: availableParallelism() < 2 ? 'one CPU only' : false }, async (t) => {
  const allowed = allowedCpus('self').slice(0, 2);
  const { workers } = workersOf(t, 'serve,serve,serve', { cpus: allowed });
  await workers.start();
  const pinned = (await workers.report()).map(({ pid }) => allowedCpus(String(pid)));
  const [a, b] = allowed;
  assert.deepEqual(pinned, [[a], [b], [a]]);
});

/** The CPUs that a process may use. */
function allowedCpus(pid: string): readonly number[] {
  const [, list = ''] = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return listCpus(list);
}
