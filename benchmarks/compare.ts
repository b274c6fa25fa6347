/**
 * npm run compare: what a call takes with this change, as ratios to what it takes without: the base of scripts/base-tree.ts, built in a
 * folder of its own. What measures is this tree's on both sides. They take turns, for a minute; no time is printed, for none says
 * anything on another machine. Options:
 *
 *   --seconds N   how long turns are taken. Default: 50
 *   --strict      exit code 1 where a figure is slower by more than 15 % in every round; else that is a warning
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { BaseTree, findBase, run } from '../scripts/base-tree.ts';
import { type Comparison, judge } from './compare/verdict.ts';
import { RunFolder } from './harness/run-folder.ts';
import type { Contestant, Point } from './hop/contestant.ts';
import { isthmus } from './hop/contestants/isthmus.ts';
import { measure } from './hop/measure.ts';

/** What is measured of each: enough to see a path that became slower, in a minute. */
const figures: readonly (Point & { readonly name: string })[] = [
  { name: 'C to C', bytes: 64, inFlight: 1 },
  { name: 'sync', bytes: 64, inFlight: 1 },
  { name: 'spin', bytes: 64, inFlight: 1 },
  { name: 'spin', bytes: 64, inFlight: 1024 },
  { name: 'block', bytes: 64, inFlight: 1 },
];
const measureMs = 60;

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '50' }, strict: { type: 'boolean', default: false } },
});

/** The contestants of a tree, by this tree's own file. */
async function contestantsOf(tree: BaseTree): Promise<readonly Contestant[]> {
  const file = pathToFileURL(join(tree.folder, 'benchmarks/hop/contestants/isthmus.ts'));
  // The file that replace() put there, so it exports what ours does.
  const { isthmus: found }: { readonly isthmus?: readonly Contestant[] } = await import(file.href);
  if (found === undefined) throw new Error(`${file.href} exports no contestants`);
  return found;
}

/** Builds what the contestants need there: the library, the addon, and the programs. */
async function prepare(tree: BaseTree): Promise<readonly Contestant[]> {
  for (const folder of ['benchmarks/harness', 'benchmarks/hop']) tree.replace(folder);
  tree.linkPackages();
  run('make', ['-s', '-j', String(availableParallelism()), '-C', 'c', 'build/libisthmus.a'], tree.folder);
  run(process.execPath, ['scripts/build.mjs'], join(tree.folder, 'packages/native'));
  return contestantsOf(tree);
}

function find(contestants: readonly Contestant[], name: string): Contestant {
  const found = contestants.find((contestant) => contestant.name === name);
  if (found === undefined) throw new Error(`there is no contestant ${name}`);
  return found;
}

async function compare(base: readonly Contestant[]): Promise<readonly Comparison[]> {
  using folder = new RunFolder();
  const context = { cpus: { client: 0, server: 1 }, isUrgent: false, folder: folder.path };
  const taken = figures.map(({ name, ...point }) => ({
    name: `${name}, ${point.inFlight === 1 ? 'one at a time' : `${point.inFlight} in flight`}`,
    point,
    sides: { base: find(base, name), now: find(isthmus, name) },
    base: [] as number[],
    now: [] as number[],
  }));
  for (const { sides } of taken) {
    sides.base.build?.();
    sides.now.build?.();
  }
  const end = performance.now() + Number(options.seconds) * 1000;
  for (let round = 0; performance.now() < end; round += 1) {
    for (const { sides, point, ...times } of taken) {
      // Whoever comes second may find a warmer machine, or a more tired one.
      const order = round % 2 === 0 ? (['base', 'now'] as const) : (['now', 'base'] as const);
      for (const side of order) {
        const { p50Ns, ns } = await measure(sides[side], point, measureMs, context);
        // Of most calls, so that a few that were held up do not count.
        times[side].push(p50Ns ?? ns);
      }
    }
  }
  return taken;
}

async function main(): Promise<void> {
  const base = findBase();
  if ('none' in base) {
    console.log(`nothing to compare with: ${base.none}`);
    return;
  }
  if (availableParallelism() < 2) {
    console.log('nothing can be compared on one CPU: client and service would take turns');
    return;
  }
  console.log(`the time of a call of 64 bytes, to that of ${base.what} (${base.commit.slice(0, 12)}):`);
  using tree = new BaseTree(base.commit);
  const comparisons = await compare(await prepare(tree));
  const { lines, outcomes } = judge(comparisons);
  for (const line of lines) console.log(line);
  console.log(`median (lowest to highest) of ${comparisons[0]?.now.length} rounds`);
  if (!outcomes.includes('slower')) return;
  console.warn('warning: slower by more than 15 % in every round');
  if (options.strict) process.exitCode = 1;
}

await main();
