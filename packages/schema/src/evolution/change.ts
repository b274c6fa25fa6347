import type { Rule, RuleName } from './rules.ts';

/** One difference between two versions of a schema. */
export interface Change extends Rule {
  readonly rule: RuleName;
  /** Where: "method quote, request field volatility". */
  readonly place: string;
  /** What is there in the old version, in few words; `undefined`: nothing. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /**
   * Whether a client of one version can call an instance of the other, whichever is which: true for what is safe in one of the
   * two directions at least.
   */
  readonly isAdaptable: boolean;
}

/** The most differences that a message tells: the other side's schema may be anything, or very large. */
const MAX_LINES = 50;

/** Differences between our schema and a peer's, a line each: "method quote, request field volatility: f64 here, f32 there". */
export function linesOf(changes: readonly Change[]): string[] {
  const lines = changes
    .slice(0, MAX_LINES)
    .map(({ place, before, after }) => `${place}: ${before ?? 'missing'} here, ${after ?? 'missing'} there`);
  const more = changes.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}
