/** What the ratios of two trees say, and what is noise. */
import { type Rounds, ratiosOf, spreadOf, spreadText } from '../harness/spread.ts';

/** A ratio within this of 1 is what a machine that others use makes of nothing. */
export const noise = 1.15;
/** Fewer rounds than this agree by chance. */
export const fewestRounds = 5;

export interface Comparison {
  /** What was measured, by name. */
  readonly name: string;
  /** The time of a call, by round, in ns. Null: it failed there. */
  readonly base: Rounds;
  readonly now: Rounds;
}

export type Outcome = 'same' | 'slower' | 'faster' | 'unknown';

/** Of the ratios by round: only what all rounds agree on is more than noise. */
export function outcomeOf(ratios: Rounds): Outcome {
  if (ratios.filter((ratio) => ratio !== null).length < fewestRounds) return 'unknown';
  const { low, high } = spreadOf(ratios);
  if (low > noise) return 'slower';
  return high < 1 / noise ? 'faster' : 'same';
}

/** A table, one line a comparison, and what each comes to. */
export function judge(comparisons: readonly Comparison[]): { readonly lines: string[]; readonly outcomes: Outcome[] } {
  const rows = comparisons.map(({ name, base, now }) => {
    const ratios = ratiosOf(now, base);
    return { name, spread: spreadOf(ratios), outcome: outcomeOf(ratios) };
  });
  const lines = rows.map(({ name, spread, outcome }) => {
    const remark =
      outcome === 'same' ? '' : outcome === 'unknown' ? 'too few rounds to tell' : `${outcome} in every round`;
    return `${name.padEnd(28)} ${spreadText(spread).padEnd(24)} ${remark}`.trimEnd();
  });
  return { lines, outcomes: rows.map(({ outcome }) => outcome) };
}
