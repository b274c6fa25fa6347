/** Instruction counts: read from callgrind's file, and held against others. */

/** Instructions of one round of each path, by its name. */
export type Counts = Readonly<Record<string, number>>;

/** By how much a path may grow without being recorded anew. */
const mostGrowth = 0.03;

const pathPrefix = 'count_';

/**
 * Reads the file that callgrind writes with --compress-strings=no and --compress-pos=no, for a program that calls each path once:
 * the functions whose names begin with `count_`. `rounds` is what each of them does so many times.
 */
export function readCounts(file: string, rounds: number): Counts {
  const counts: Record<string, number> = {};
  for (const [, name = '', calls, instructions] of file.matchAll(/^cfn=count_(\w+)\ncalls=(\d+) .*\n\S+ (\d+)$/gm)) {
    if (name in counts || calls !== '1') throw new Error(`${pathPrefix}${name} was called more than once`);
    counts[name] = Math.round((Number(instructions) / rounds) * 10) / 10;
  }
  if (Object.keys(counts).length === 0) throw new Error('callgrind counted no path');
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface Verdict {
  /** A table, one line a path. */
  readonly lines: readonly string[];
  /** What is wrong: paths that grew, or that only one side has. */
  readonly problems: readonly string[];
  /** Paths that fell by as much as they may not grow. */
  readonly better: readonly string[];
}

/** Holds counts against those of before. */
export function compareCounts(before: Counts, now: Counts): Verdict {
  const lines: string[] = [];
  const problems: string[] = [];
  const better: string[] = [];
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()) {
    const was = before[name];
    const is = now[name];
    if (was === undefined || is === undefined) {
      lines.push(`${name.padEnd(20)} ${String(was ?? '-').padStart(8)} ${String(is ?? '-').padStart(8)}`);
      problems.push(was === undefined ? `${name} is new` : `${name} is not counted any more`);
      continue;
    }
    const ratio = is / was;
    lines.push(`${name.padEnd(20)} ${String(was).padStart(8)} ${String(is).padStart(8)}  ${ratio.toFixed(3)}`);
    if (ratio > 1 + mostGrowth) problems.push(`${name} grew by ${((ratio - 1) * 100).toFixed(1)} %`);
    if (ratio < 1 - mostGrowth) better.push(name);
  }
  return { lines, problems, better };
}
