/**
 * The contestants of the HTTP section answer rightly under load, and leave nothing behind. Those in Go take minutes to build the
 * first time: they run with ISTHMUS_BENCH_PEERS=1.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { missingPrograms } from '../../../benchmarks/harness/toolchains.ts';
import { buildOpenLoop, workerProgram } from '../../../benchmarks/http/build.ts';
import type { Contestant } from '../../../benchmarks/http/contestant.ts';
import { contestants } from '../../../benchmarks/http/contestants.ts';
import { measureClosed, measureOpen } from '../../../benchmarks/http/measure.ts';
import { eventually } from '../../support/eventually.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const withGo = process.env.ISTHMUS_BENCH_PEERS === '1';
const inGo = new Set(['Fastify to gRPC', 'Gin shared memory', 'Gin cgo']);
const cpus = { client: 0, server: 1 };
/** On a busy machine a program may wait for seconds before it runs at all. */
const patienceMs = 60_000;

function whyNot(contestant: Contestant): string | undefined {
  if (availableParallelism() < 2) return 'it needs two CPUs';
  if (inGo.has(contestant.name) && !withGo) return 'it is in Go: set ISTHMUS_BENCH_PEERS=1';
  return missingPrograms('wrk', 'taskset') ?? contestant.missing();
}

for (const contestant of contestants) {
  const { name, tail } = contestant;
  const why = whyNot(contestant);
  const options = why === undefined ? {} : { skip: why };

  test(`${name} answers as fast as it can${tail ? ', and at a fixed rate' : ''}`, options, async () => {
    contestant.build?.();
    using folder = new TemporaryFolder();
    const where = { cpus, isUrgent: false, folder: folder.path };
    const closed = await measureClosed(contestant, { warmMs: 0, ms: 1000 }, where);
    assert.ok(closed.requestsPerSecond > 0, JSON.stringify(closed));
    assert.ok(closed.requestsPerCpuSecond > 0 && Number.isFinite(closed.requestsPerCpuSecond), JSON.stringify(closed));
    assertAscending(closed);
    if (!tail) return;
    buildOpenLoop();
    assertAscending(await measureOpen(contestant, { warmMs: 0, ms: 200 }, 100, where));
  });

  test(`what ${name} has started ends with it`, options, async () => {
    contestant.build?.();
    using folder = new TemporaryFolder();
    const { program, args, env } = contestant.server(folder.path);
    const server = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
    let started: number[] = [];
    let semaphores: string | undefined;
    try {
      await once(createInterface(server.stdout), 'line', { signal: AbortSignal.timeout(patienceMs) });
      started = descendantsOf(server.pid ?? assert.fail('it has no pid'));
      semaphores = semaphoresOf(started);
      if (name === 'Gin shared memory') assert.ok(semaphores !== undefined && semaphoresNow().has(semaphores));
    } finally {
      server.kill('SIGKILL');
    }
    await eventually('its processes end', () => started.every((pid) => !existsSync(`/proc/${pid}`)));
    assert.ok(semaphores === undefined || !semaphoresNow().has(semaphores), 'its semaphores are still there');
  });
}

function assertAscending({ p50Ns, p99Ns, p999Ns }: Record<'p50Ns' | 'p99Ns' | 'p999Ns', number>): void {
  assert.ok(p50Ns > 0 && p50Ns <= p99Ns && p99Ns <= p999Ns, `${p50Ns}, ${p99Ns}, ${p999Ns}`);
}

function descendantsOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [...children, ...children.flatMap(descendantsOf)];
}

/** The id of the semaphores that Gin's worker was started with, where it is one of these. */
function semaphoresOf(pids: readonly number[]): string | undefined {
  const commands = pids.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'));
  return commands.find(([program]) => program === workerProgram)?.[2];
}

/** The ids of all sets of semaphores that there are. */
function semaphoresNow(): Set<string | undefined> {
  const lines = readFileSync('/proc/sysvipc/sem', 'utf8').trim().split('\n').slice(1);
  return new Set(lines.map((line) => line.trim().split(/\s+/)[1]));
}
