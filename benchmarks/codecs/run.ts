/**
 * npm run bench:codecs: what each payload codec costs in bytes and time, as ratios to the struct codec in the same round. Options:
 * --rounds N (default 9), --ms N (each measurement, default 100), --write (puts the tables into docs/codecs.md).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ratiosOf, type Spread, spreadOf } from '../harness/spread.ts';
import { type Contestant, contestants } from './contestants.ts';
import { replaceBetween, sizeTable } from './page.ts';
import { type Example, examples } from './payloads.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    ms: { type: 'string', default: '100' },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const ms = Number(options.ms);

/** Ns of one `run`, over about `ms`: time on a processor, collecting garbage included, so that what else runs there does not count. */
function measure({ run }: Contestant): number {
  const end = performance.now() + ms;
  const before = process.cpuUsage();
  let count = 0;
  while (performance.now() < end) {
    // The clock is looked at now and then: it would cost as much as a small message.
    for (let i = 0; i < 64; i++) run();
    count += 64;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / count;
}

/** Contestants take turns, so that a machine which becomes slower does so for all. The first one is what the others are held against. */
function race(example: Example): readonly { readonly name: string; readonly ns: number; readonly ratio: Spread }[] {
  const all = contestants(example);
  for (const contestant of all) measure(contestant);
  const times = all.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of all.entries()) times[index]?.push(measure(contestant));
  }
  const base = times[0] ?? [];
  return all.map(({ name }, index) => {
    const own = times[index] ?? [];
    return {
      name,
      ns: spreadOf(own).median,
      ratio: spreadOf(ratiosOf(own, base)),
    };
  });
}

function timeTable(): string {
  const lines = [
    '| encode and decode | codec | about | ratio to struct (lowest to highest round) |',
    '|---|---|---|---|',
  ];
  for (const example of examples) {
    for (const { name, ns, ratio } of race(example)) {
      const { low, median, high } = ratio;
      const spread = name === 'struct' ? '1' : `${median.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
      lines.push(`| ${example.what} | ${name} | ${(ns / 1000).toFixed(1)} us | ${spread} |`);
    }
  }
  return lines.join('\n');
}

const machine = `${availableParallelism()} CPUs, ${arch()}, Node ${process.versions.node.split('.')[0]}; processor time, medians of ${rounds} rounds of ${ms} ms`;
const sizes = sizeTable();
const times = `${timeTable()}\n\n${machine}.`;
console.log(`${sizes}\n\n${times}`);
if (options.write) {
  const page = fileURLToPath(new URL('../../docs/codecs.md', import.meta.url));
  const text = replaceBetween(readFileSync(page, 'utf8'), 'sizes', sizes);
  writeFileSync(page, replaceBetween(text, 'times', times));
}
