/** Figures of many rounds, as medians with their spread, and ratios within a round. */

export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** What a round may have: null where a contestant has no figure. */
export type Rounds = readonly (number | null)[];

/** Of those that are there; NaN where none is. Of an even number, the median is the upper of the two in the middle. */
export function spreadOf(values: Rounds): Spread {
  const there = values.filter((value) => value !== null);
  const sorted = there.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (index: number): number => sorted.at(index) ?? Number.NaN;
  return { low: at(0), median: at(sorted.length >> 1), high: at(-1) };
}

/** Each round's value divided by the same round's divisor; null where one of them is missing. */
export function ratiosOf(values: Rounds, divisors: Rounds): (number | null)[] {
  return values.map((value, round) => {
    const divisor = divisors[round] ?? null;
    return value === null || divisor === null || divisor === 0 ? null : value / divisor;
  });
}

/** Three digits that count: `0.0234`, `12.3`, `1,230`. */
export function digits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const decimals = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString('en-US', { minimumFractionDigits: 0, maximumFractionDigits: decimals });
}

/** `0.93 (0.91 to 1.02)`, or a dash where there is nothing. */
export function spreadText({ low, median, high }: Spread, unit = ''): string {
  return Number.isNaN(median) ? '-' : `${digits(median)}${unit} (${digits(low)} to ${digits(high)})`;
}
