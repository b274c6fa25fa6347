/** One measurement of one contestant: two fresh processes, each on its CPU. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from '../harness/processes.ts';
import type { Context } from '../harness/results.ts';
import { removeFromSharedMemory } from '../harness/shared-memory.ts';
import { StolenTime } from '../harness/stolen.ts';
import type { Contestant, Measured, Point } from './contestant.ts';

/** How long a program may take to start, or to notice that its time is over, on a busy machine. */
const patienceMs = 60_000;

/** What is kept of a measurement, each of one call. */
export type HopFigures = {
  /** The time of all calls, divided by their number. */
  readonly ns: number;
  readonly p50Ns: number | undefined;
  readonly p99Ns: number | undefined;
  readonly p999Ns: number | undefined;
  readonly clientCpuNs: number;
  readonly serverCpuNs: number;
  /** Memory that the client has touched, in all. */
  readonly clientBytes: number;
  /** See StolenTime. */
  readonly stolen: number;
};

export async function measure(
  contestant: Contestant,
  point: Point,
  ms: number,
  context: Pick<Context, 'cpus' | 'isUrgent' | 'folder'>,
): Promise<HopFigures> {
  const { name } = contestant;
  const { cpus, isUrgent: urgent } = context;
  const folder = mkdtempSync(join(context.folder, 'hop-'));
  const run = { ...point, ms, folder, serverCpu: cpus.server };
  try {
    const command = contestant.server?.(run);
    await using server =
      command === undefined ? undefined : new Program(command, { name: `${name}'s server`, cpu: cpus.server, urgent });
    await server?.expect('ready', patienceMs);
    await using client = new Program(contestant.client(run), { name: `${name}'s client`, cpu: cpus.client, urgent });
    await client.expect('warm', patienceMs + ms);
    const before = cpuOf(client, server);
    const time = new StolenTime();
    const { calls, ns, p50, p99, p999 } = measuredOf(await client.line('the result', patienceMs + ms));
    const stolen = time.share;
    const after = cpuOf(client, server);
    return {
      ns: ns / calls,
      p50Ns: p50,
      p99Ns: p99,
      p999Ns: p999,
      clientCpuNs: (after.client - before.client) / calls,
      serverCpuNs: (after.server - before.server) / calls,
      clientBytes: client.memory,
      stolen,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    removeFromSharedMemory(folder);
  }
}

/** What a client has started is its server, where it has no other. */
function cpuOf(client: Program, server: Program | undefined): { readonly client: number; readonly server: number } {
  const { own, descendants } = client.cpuTime;
  const serving = server?.cpuTime ?? { own: 0, descendants: 0 };
  return { client: own, server: serving.own + serving.descendants + descendants };
}

/** @throws Error for a line that is not what a client prints. */
export function measuredOf(line: string): Measured {
  const { calls, ns, p50, p99, p999 }: Record<string, unknown> = JSON.parse(line);
  const number = (value: unknown): number => {
    if (typeof value !== 'number' || !(value >= 0)) throw new Error(`not what a client prints: ${line}`);
    return value;
  };
  const optional = (value: unknown): number | undefined => (value == null ? undefined : number(value));
  if (calls === 0) throw new Error(`no call was made: ${line}`);
  return { calls: number(calls), ns: number(ns), p50: optional(p50), p99: optional(p99), p999: optional(p999) };
}
