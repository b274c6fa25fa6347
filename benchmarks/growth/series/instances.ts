/** Instances of one service under a supervisor, which one client calls. */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { timeText } from '../../harness/markdown.ts';
import { Program } from '../../harness/processes.ts';
import { missingPrograms } from '../../harness/toolchains.ts';
import { clientArguments } from '../../hop/command-line.ts';
import { measuredOf } from '../../hop/measure.ts';
import { buildPricing } from '../../http/build.ts';
import { patienceMs, type Series, type Where } from '../series.ts';
import { countText, memoryText, shareText } from '../texts.ts';

/** So many calls at a time for each instance: where a fixed number was shared by more of them, fewer calls would share a wake-up. */
const inFlightEach = 64;
/** What was just used may have something left to do. */
const settleMs = 500;

export const instances: Series = {
  name: 'instances',
  what: `Instances that one Node process supervises and calls, ${inFlightEach} calls in flight to each`,
  axis: 'instances',
  xText: countText,
  points: { whole: [1, 2, 4, 8, 16], quick: [1, 8] },
  ms: { whole: 1000, quick: 250 },
  measures: [
    { name: 'startNs', what: 'start, until all are connected', text: timeText, linear: 1 },
    { name: 'ns', what: 'time a call', text: timeText, linear: 0 },
    { name: 'cpuNs', what: 'CPU of all a call', text: timeText, linear: 0 },
    { name: 'clientBytes', what: 'memory of the client', text: memoryText, linear: 1 },
    { name: 'instanceBytes', what: 'memory of all instances', text: memoryText, linear: 1 },
    { name: 'idleShare', what: 'idle, of a core', text: shareText, linear: 1 },
  ],
  missing: () => missingPrograms('make', 'cc'),
  build: buildPricing,
  measure,
};

async function measure(count: number, ms: number, { cpus, isUrgent, folder }: Where): Promise<Record<string, number>> {
  const run = { bytes: 64, inFlight: count * inFlightEach, ms, folder, serverCpu: cpus.server };
  const args = [join(import.meta.dirname, '../programs/instances.ts'), ...clientArguments(run)];
  const env = { ISTHMUS_BENCH_INSTANCES: String(count), ISTHMUS_BENCH_CPU: String(cpus.server) };
  const command = { program: process.execPath, args, env };
  await using client = new Program(command, { name: 'the client', cpu: cpus.client, urgent: isUrgent });
  const cpuOf = (): number => client.cpuTime.own + client.cpuTime.descendants;
  const [, startNs] = (await client.lineWith('started ', patienceMs)).split(' ');
  await client.expect('warm', patienceMs + ms);
  const before = cpuOf();
  const { calls, ns } = measuredOf(await client.line('the result', patienceMs + ms));
  const cpuNs = (cpuOf() - before) / calls;
  const clientBytes = client.memory;
  const instanceBytes = client.memoryOfAll - clientBytes;
  await sleep(settleMs);
  const [begin, idle] = [performance.now(), cpuOf()];
  await sleep(2 * ms);
  const idleShare = (cpuOf() - idle) / 1e6 / (performance.now() - begin);
  return { startNs: Number(startNs), ns: ns / calls, cpuNs, clientBytes, instanceBytes, idleShare };
}
