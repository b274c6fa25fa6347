/**
 * Counts the instructions of the C hot paths (c/bench/counts.c, by callgrind), and fails where one grew by more than 3 %.
 *
 *   npm run counts               against c/bench/counts.json
 *   npm run counts -- --update   records them, on purpose
 *
 * Counts are the same each time, however busy the machine is; but another compiler or C library makes other ones. Where the record
 * was made with another one, the counts of the base (base-tree.ts) are made here, and compared with.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseTree, findBase } from './base-tree.ts';
import { type Counts, compareCounts, type Verdict } from './counts/compare.ts';
import { count } from './counts/count.ts';
import { readRecord, writeRecord } from './counts/record.ts';
import { nameToolchain } from './counts/toolchain.ts';
import { repository } from './generated.ts';

/** Prints what came of a comparison; the process fails where something grew. */
function report({ lines, problems, better }: Verdict, advice: string): void {
  for (const line of lines) console.log(line);
  if (better.length > 0) console.log(`better: ${better.join(', ')}; record it: npm run counts -- --update`);
  if (problems.length === 0) return;
  for (const problem of problems) console.error(problem);
  console.error(advice);
  process.exitCode = 1;
}

function compareWithBase(now: Counts): void {
  const base = findBase();
  if ('none' in base) {
    console.log(`nothing to compare with: ${base.none}`);
    return;
  }
  console.log(`compared with ${base.what}, ${base.commit.slice(0, 12)}, counted here`);
  using tree = new BaseTree(base.commit);
  if (!existsSync(join(tree.folder, 'c/bench/counts.c'))) {
    console.log('nothing to compare with: it has no c/bench/counts.c');
    return;
  }
  const before = count(tree.folder);
  // Which paths there are is compared with the record only, where the record was made.
  const both = Object.fromEntries(Object.entries(now).filter(([name]) => name in before));
  const rest = Object.fromEntries(Object.entries(before).filter(([name]) => name in now));
  report(compareCounts(rest, both), 'if that is meant, record it where the record was made');
}

function main(): void {
  const toolchain = nameToolchain();
  const now = count(repository);
  if (process.argv.includes('--update')) {
    writeRecord({ toolchain, counts: now });
    console.log(`recorded ${Object.keys(now).length} paths for ${toolchain}`);
    return;
  }
  const record = readRecord();
  if (record?.toolchain === toolchain) {
    report(compareCounts(record.counts, now), 'if that is meant, record it: npm run counts -- --update');
    return;
  }
  console.log(`counts are recorded for ${record?.toolchain ?? 'no toolchain'}, and this is ${toolchain}`);
  compareWithBase(now);
}

main();
