/** Figures of many rounds, as ratios with their spread. */

export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { low: at(0), median: at(0.5), high: at(1) };
}

/** Each round's value divided by the same round's divisor. */
export function ratios(values: readonly number[], divisors: readonly number[]): number[] {
  return values.map((value, index) => value / (divisors[index] ?? Number.NaN));
}

export interface Row {
  readonly what: string;
  readonly ratio: Spread;
  readonly unit: string;
  /** Undefined: it is only to be known. */
  readonly goal: number | undefined;
}

export function printTable(rows: readonly Row[]): void {
  const text = ({ low, median, high }: Spread): string =>
    `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  const cells = rows.map(({ what, ratio, unit, goal }) => [
    what,
    `${text(ratio)} ${unit}`,
    goal === undefined ? '' : `<= ${goal} ${unit}`,
    goal === undefined
      ? ''
      : ratio.median <= goal
        ? 'yes'
        : `missed by ${((ratio.median / goal - 1) * 100).toFixed(0)} %`,
  ]);
  const lines = [['figure', 'median (spread over rounds)', 'goal', 'reached'], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const format = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head, ...body] = lines.map(format);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  console.log([head, rule, ...body].join('\n'));
}
