/** One measurement of one contestant: a fresh server has a CPU to itself and whatever it starts, and the load has another. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from '../harness/processes.ts';
import { StolenTime } from '../harness/stolen.ts';
import type { Contestant } from './contestant.ts';
import { patienceMs, runOpenLoop, runWrk, type Where } from './load.ts';
import { checkAnswer } from './question.ts';

/** How long the load lasts, in ms; wrk takes whole seconds, at least one. */
export interface Times {
  /** Before anything is counted. 0: not at all. */
  readonly warmMs: number;
  readonly ms: number;
}

export type ClosedFigures = {
  readonly requestsPerSecond: number;
  /** By the CPU time of all processes of the server. */
  readonly requestsPerCpuSecond: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  /** See StolenTime. */
  readonly stolen: number;
};

export type OpenFigures = {
  readonly ratePerSecond: number;
  /** From the moment at which a request was due. */
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  /** Part of the requests that had no answer 2 s after the last of them was due. */
  readonly unanswered: number;
  /** See StolenTime. */
  readonly stolen: number;
};

/** As fast as the server answers. */
export function measureClosed(contestant: Contestant, { warmMs, ms }: Times, where: Where): Promise<ClosedFigures> {
  return withServer(contestant, where, async (server, url) => {
    if (warmMs > 0) await runWrk(url, warmMs, where);
    const before = server.cpuTime;
    const time = new StolenTime();
    const { requests, us, p50us, p99us, p999us } = await runWrk(url, ms, where);
    const stolen = time.share;
    const after = server.cpuTime;
    const cpuNs = after.own + after.descendants - before.own - before.descendants;
    return {
      requestsPerSecond: (requests / us) * 1e6,
      requestsPerCpuSecond: (requests / cpuNs) * 1e9,
      p50Ns: p50us * 1000,
      p99Ns: p99us * 1000,
      p999Ns: p999us * 1000,
      stolen,
    };
  });
}

export function measureOpen(
  contestant: Contestant,
  { warmMs, ms }: Times,
  ratePerSecond: number,
  where: Where,
): Promise<OpenFigures> {
  return withServer(contestant, where, async (_server, url) => {
    if (warmMs > 0) await runWrk(url, warmMs, where);
    const time = new StolenTime();
    const { requests, unanswered, p50Ns, p99Ns, p999Ns } = await runOpenLoop(url, ratePerSecond, ms, where);
    return { ratePerSecond, p50Ns, p99Ns, p999Ns, unanswered: unanswered / requests, stolen: time.share };
  });
}

/** Starts a server, has it measured, and ends it. @throws Error if it does not answer rightly, before or afterwards. */
export async function withServer<T>(
  contestant: Pick<Contestant, 'name' | 'kind' | 'server'>,
  where: Where,
  measure: (server: Program, url: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(where.folder, 'http-'));
  try {
    const options = { name: contestant.name, cpu: where.cpus.server, urgent: where.isUrgent };
    await using server = new Program(contestant.server(folder), options);
    const [, url = ''] = (await server.lineWith('ready ', patienceMs)).split(' ');
    const echoes = contestant.kind === 'framework';
    await checkAnswer(url, { echoes });
    const figures = await measure(server, url);
    await checkAnswer(url, { echoes });
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
