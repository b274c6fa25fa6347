/** How fast something grows: the exponent k of n^k, between two points of a series. */
import { type Rounds, ratiosOf, type Spread, spreadOf } from '../harness/spread.ts';

/** What was measured at one point of a series, by round. */
export interface Sample {
  /** Above 0. */
  readonly x: number;
  readonly rounds: Rounds;
}

/** From one point to another. */
export interface Step {
  readonly from: number;
  readonly to: number;
  /** Of the rounds' exponents. NaN where no round has both ends. */
  readonly exponent: Spread;
}

export interface Growth {
  /** From each point to the next. */
  readonly steps: readonly Step[];
  /** From the first point to the last. Undefined with fewer than two. */
  readonly whole: Step | undefined;
  /** The step that grew faster than it may, or else the whole if that did. Undefined: none, as far as can be told. */
  readonly worse: Step | undefined;
}

/** A step grew faster than it may where in every round it came to more than so many times what it may come to. */
const noise = 1.25;
/** And the whole series where in every round its exponent is so much above: what creeps is found there. */
const creep = 0.15;

/**
 * @param samples Ascending.
 * @param limit The exponent that it may have: 1 for what may double where x doubles, 0 for what must stay.
 */
export function growthOf(samples: readonly Sample[], limit: number): Growth {
  const there = samples.filter(({ rounds }) => rounds.some((value) => value !== null));
  const steps = there.slice(1).flatMap((sample, index) => stepOf(there[index], sample));
  const [whole] = stepOf(there[0], there.length > 1 ? there.at(-1) : undefined);
  const tooFast = steps
    .filter(({ from, to, exponent }) => (to / from) ** (exponent.low - limit) > noise)
    .toSorted((a, b) => b.exponent.low - a.exponent.low);
  const creeps = whole !== undefined && whole.exponent.low > limit + creep;
  return { steps, whole, worse: tooFast[0] ?? (creeps ? whole : undefined) };
}

function stepOf(from: Sample | undefined, to: Sample | undefined): Step[] {
  if (from === undefined || to === undefined) return [];
  const exponents = ratiosOf(to.rounds, from.rounds).map((ratio) =>
    ratio === null ? null : Math.log(ratio) / Math.log(to.x / from.x),
  );
  return [{ from: from.x, to: to.x, exponent: spreadOf(exponents) }];
}
