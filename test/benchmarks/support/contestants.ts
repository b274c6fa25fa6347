/** Running a contestant's two programs as the benchmarks do, for tests of their protocol: how long it takes does not matter. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Program } from '../../../benchmarks/harness/processes.ts';
import { leftInSharedMemory, removeFromSharedMemory } from '../../../benchmarks/harness/shared-memory.ts';
import type { Contestant, Point, Run } from '../../../benchmarks/hop/contestant.ts';

/** On a busy machine a program may wait for seconds before it runs at all. */
const patienceMs = 60_000;

/** Runs server and client at a point, as briefly as it goes, and checks what the client says and that nothing is left. */
export async function assertMeasures(contestant: Contestant, point: Point, ms = 50): Promise<void> {
  await inFolder(async (folder) => {
    const run: Run = { ...point, ms, folder, serverCpu: 0 };
    {
      await using server = startServer(contestant, run);
      await server?.expect('ready', patienceMs);
      await using client = new Program(contestant.client(run), { name: `the client of ${contestant.name}` });
      await client.expect('warm', patienceMs);
      assertSane(JSON.parse(await client.line('the figures', patienceMs)), ms);
    }
    assert.deepEqual(await processesOf(folder), []);
    assert.deepEqual(leftInSharedMemory(folder), []);
  });
}

/** Kills a server while its client measures, and ends the client's stdin: both must be gone, and whatever they had started. */
export async function assertLeavesNothing(contestant: Contestant): Promise<void> {
  await inFolder(async (folder) => {
    const run: Run = { bytes: 64, inFlight: 1, ms: 400, folder, serverCpu: 0 };
    const children: ChildProcessWithoutNullStreams[] = [];
    const next = async (command: Command, firstLine: string): Promise<ChildProcessWithoutNullStreams> => {
      const child = spawn(command.program, command.args, { env: { ...process.env, ...command.env } });
      children.push(child);
      // What it says when it is cut off is of no interest.
      child.stderr.resume();
      const lines = createInterface(child.stdout);
      assert.deepEqual(await once(lines, 'line', { signal: AbortSignal.timeout(patienceMs) }), [firstLine]);
      return child;
    };
    try {
      const server = await next(contestant.server?.(run) ?? assert.fail('it has no server'), 'ready');
      const client = await next(contestant.client(run), 'warm');
      server.kill('SIGKILL');
      client.stdin.end();
      for (const begin = performance.now(); performance.now() - begin < patienceMs; await sleep(20)) {
        if ((await processesOf(folder)).length === 0) return;
      }
      assert.deepEqual(await processesOf(folder), []);
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });
}

function startServer(contestant: Contestant, run: Run): Program | undefined {
  const command = contestant.server?.(run);
  return command === undefined ? undefined : new Program(command, { name: `the server of ${contestant.name}` });
}

function assertSane(figures: Record<string, unknown>, ms: number): void {
  const { calls, ns, p50, p99, p999 } = figures;
  assert.ok(Number.isInteger(calls) && Number(calls) > 0, `${calls} calls`);
  assert.ok(Number(ns) >= ms * 1e6, `${ns} ns of at least ${ms} ms`);
  const percentiles = [p50, p99, p999].map(Number);
  assert.ok(
    percentiles.every((value, index) => value > 0 && value >= (percentiles[index - 1] ?? 0) && value <= Number(ns)),
    `percentiles ${percentiles.join(', ')}`,
  );
}

/** The command lines that have the folder in them. */
async function processesOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    // It may be gone by now, or not be a process.
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (text.includes(folder)) found.push(text.replaceAll('\0', ' '));
  }
  return found;
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-peer-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    removeFromSharedMemory(folder);
  }
}
