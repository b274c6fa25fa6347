/** `isthmus start --workers N`, on all CPUs. */
import { join } from 'node:path';
import { timeText } from '../../harness/markdown.ts';
import { Program } from '../../harness/processes.ts';
import { benchmarks, missingPrograms } from '../../harness/toolchains.ts';
import { buildPricing } from '../../http/build.ts';
import { runWrk } from '../../http/load.ts';
import { patienceMs, type Series, type Where } from '../series.ts';
import { countText, memoryText } from '../texts.ts';

export const workers: Series = {
  name: 'workers',
  what: 'Gateway workers on one port, which share all CPUs with the instance and with the load of 64 connections',
  axis: 'workers',
  xText: countText,
  points: { whole: [1, 2, 4], quick: [1, 2] },
  ms: { whole: 2000, quick: 1000 },
  measures: [
    { name: 'requestsPerSecond', what: 'requests/s', text: (value) => countText(Math.round(value)) },
    { name: 'p99Ns', what: 'p99', text: timeText },
    { name: 'cpuNs', what: 'CPU of a request, all processes', text: timeText, linear: 0 },
    { name: 'allBytes', what: 'memory of all processes', text: memoryText, linear: 1 },
  ],
  missing: () => missingPrograms('wrk', 'make', 'cc'),
  build: buildPricing,
  measure,
};

async function measure(count: number, ms: number, where: Where): Promise<Record<string, number>> {
  const cli = join(benchmarks, '../packages/cli/src/main.ts');
  const config = join(benchmarks, 'http/servers/isthmus.config.ts');
  const args = [cli, 'start', '--config', config, '--port', '0', '--workers', String(count)];
  const command = { program: process.execPath, args };
  const options = { name: 'isthmus start', endBy: 'SIGTERM', urgent: where.isUrgent } as const;
  await using bridge = new Program(command, options);
  const line = await bridge.lineWith('curl', patienceMs);
  const url = /http:\/\/[\w.:]+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`there is no URL in: ${line}`);
  await runWrk(url, ms / 2, where);
  const before = bridge.cpuTime;
  const { requests, us, p99us } = await runWrk(url, ms, where);
  const after = bridge.cpuTime;
  return {
    requestsPerSecond: (requests / us) * 1e6,
    p99Ns: p99us * 1000,
    cpuNs: (after.own + after.descendants - before.own - before.descendants) / requests,
    allBytes: bridge.memoryOfAll,
  };
}
