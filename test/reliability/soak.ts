/**
 * Mixed load for as long as one likes, over the pricing example: calls, streams, cancelled calls, regions, watches, and connections
 * that come and go. Samples of every process, resident memory, descriptors and mappings, must be flat once it has warmed up.
 *
 *   npm run test:soak                    one hour
 *   npm run test:soak -- --minutes 1     shorter
 *   npm run test:soak -- --plot FILE     where to draw the samples (default: soak.svg in the temporary folder)
 *
 * Prints a table, and exits with 1 if something grew, or if a reply was wrong.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startInstances } from '@isthmus/cli';
import { connect } from '@isthmus/core';
import { plotLines } from '../../benchmarks/harness/plot.ts';
import { feed } from '../../examples/pricing/market.schema.ts';
import { pricing } from '../../examples/pricing/pricing.schema.ts';
import { eventually } from '../support/eventually.ts';
import { grownParts, type Sample, sampleOf } from './footprint.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    plot: { type: 'string', default: join(tmpdir(), 'soak.svg') },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes} is not a number above 0`);

const example = resolve(import.meta.dirname, '../../examples/pricing');
const intervalMs = Math.max(250, (minutes * 60_000) / 720);

async function pidsOf(path: string, service: typeof pricing | typeof feed, count: number): Promise<readonly number[]> {
  await using client = await connect(service, { path, connectTimeoutMs: 60_000 });
  await eventually(`${count} instances`, () => client.$instances.length === count);
  return client.$instances.map(({ pid }) => pid);
}

/** What the client has counted so far. It counts on as long as it lives: no answer within a minute is a failure. */
async function countsOf(client: ChildProcess): Promise<Readonly<Record<string, number>>> {
  client.send('count');
  const [counts] = await once(client, 'message', { signal: AbortSignal.timeout(60_000) });
  return counts;
}

process.chdir(example);
await using instances = await startInstances('isthmus.config.ts');
const paths = [instances.pathOf('pricing'), instances.pathOf('feed')] as const;
const [prices, feeds] = [await pidsOf(paths[0], pricing, 2), await pidsOf(paths[1], feed, 1)];
const client = fork(join(import.meta.dirname, 'soak-client.ts'), paths, {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  // A heap that may grow for minutes before it is swept hides a leak, and looks like one.
  execArgv: ['--max-semi-space-size=4', '--max-old-space-size=128'],
});
const ended = once(client, 'exit');
const names = new Map<number, string>([
  ...prices.map((pid, index): [number, string] => [pid, `pricing/${index + 1}`]),
  ...feeds.map((pid): [number, string] => [pid, 'feed']),
  ...(client.pid === undefined ? [] : [[client.pid, 'client'] as [number, string]]),
]);

const samples = new Map<string, Sample[]>([...names.values()].map((name) => [name, []]));
const begin = performance.now();
while (performance.now() - begin < minutes * 60_000 && client.exitCode === null) {
  for (const [pid, name] of names) samples.get(name)?.push(sampleOf(pid, performance.now() - begin));
  await Promise.race([sleep(intervalMs), ended]);
}
const counts = client.exitCode === null ? await countsOf(client) : {};
if (client.exitCode === null) client.send('stop');
const [code] = await ended;

writeFileSync(
  values.plot,
  plotLines({
    title: `Resident memory over ${minutes} min of mixed load`,
    xLabel: 'minutes',
    yLabel: 'MiB',
    series: [...samples].map(([name, list]) => ({
      name,
      points: list.map(({ ms, residentBytes }): [number, number] => [ms / 60_000, residentBytes / 2 ** 20]),
    })),
  }),
);
const problems = [...samples].flatMap(([name, list]) => grownParts(list).map((what) => `${name}: ${what}`));
if (code !== 0) problems.push(`the client ended with ${code}`);
console.log(counts);
console.table(
  Object.fromEntries(
    [...samples].map(([name, list]) => {
      const [middle, last] = [list[Math.floor(list.length / 2)], list.at(-1)];
      const both = (part: (sample: Sample) => number) =>
        middle === undefined || last === undefined ? '' : `${part(middle)} -> ${part(last)}`;
      return [
        name,
        {
          'resident MiB': both(({ residentBytes }) => Math.round(residentBytes / 2 ** 19) / 2),
          descriptors: both((sample) => sample.descriptors),
          mappings: both((sample) => sample.mappings),
        },
      ];
    }),
  ),
);
console.log(`drawn in ${values.plot}`);
for (const problem of problems) console.error(`soak: ${problem}`);
console.log(`soak: ${problems.length === 0 ? 'flat' : 'FAILED'}`);
process.exitCode = problems.length === 0 ? 0 : 1;
