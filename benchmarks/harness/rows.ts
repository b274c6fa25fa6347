/** A table on a terminal: what was measured, against its goal. */
import { table } from './markdown.ts';
import type { Spread } from './spread.ts';

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
    goal === undefined ? '' : verdict(ratio.median, goal),
  ]);
  console.log(table(['figure', 'median (spread over rounds)', 'goal', 'reached'], cells));
}

function verdict(median: number, goal: number): string {
  return median <= goal ? 'yes' : `missed by ${((median / goal - 1) * 100).toFixed(0)} %`;
}
