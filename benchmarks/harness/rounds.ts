/**
 * Contestants take turns: A B C A B C, so that a machine that becomes slower does so for all of them. What was measured while the host of a
 * virtual machine took CPU time away says nothing of the contestant, and is measured again.
 */
import { FigureBook } from './figures.ts';
import type { Figure, Gap, Place, Stolen } from './results.ts';
import { StolenTime } from './stolen.ts';

type Values = Readonly<Record<string, number | undefined>>;

/** One contestant's measurement at one place, once a round. */
export interface Turn {
  readonly contestant: string;
  readonly at: Place;
  /** The measures, by name; among them `stolen`, the share of CPU time that the host took, where that of the whole turn would say less. */
  measure(round: number): Promise<Values>;
}

export interface Turns {
  readonly figures: Figure[];
  readonly failures: Gap[];
  readonly stolen: Stolen;
}

/** The host may take so much of the time that is measured. */
const tolerated = 0.01;
/** How often a measurement is made at most; of those that the host disturbed, the least disturbed counts. */
const maxTries = 4;
/** So many measurements of a round are made again at most, as a share of all: a run must end on a busy host, too. */
const maxAgain = 1 / 3;

/**
 * Has every turn taken in each round, in the order given. One that fails is not tried again.
 *
 * @param told Gets what each measured, or the error.
 */
export async function takeTurns(
  rounds: number,
  turns: readonly Turn[],
  told: (turn: Turn, round: number, outcome: Values | Error) => void,
): Promise<Turns> {
  const book = new FigureBook(rounds);
  const failed = new Map<Turn, Error>();
  const stolen = { again: 0, kept: 0 };
  for (let round = 0; round < rounds; round++) {
    let spare = Math.ceil(turns.length * maxAgain);
    for (const turn of turns) {
      if (failed.has(turn)) continue;
      try {
        const { values, tries } = await undisturbed(turn, round, Math.min(maxTries, 1 + spare));
        spare -= tries - 1;
        stolen.again += tries - 1;
        if (values.stolen > tolerated) stolen.kept++;
        book.add(turn.contestant, turn.at, round, values);
        told(turn, round, values);
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        failed.set(turn, error);
        told(turn, round, error);
      }
    }
  }
  const failures = [...failed].map(([{ contestant, at }, { message }]) => ({ contestant, at, why: message }));
  return { figures: book.all, failures, stolen };
}

async function undisturbed(turn: Turn, round: number, atMost: number) {
  let best = await measured(turn, round);
  let tries = 1;
  for (; best.stolen > tolerated && tries < atMost; tries++) {
    const next = await measured(turn, round);
    if (next.stolen < best.stolen) best = next;
  }
  return { values: best, tries };
}

async function measured(turn: Turn, round: number): Promise<Values & { readonly stolen: number }> {
  const time = new StolenTime();
  const values = await turn.measure(round);
  return { ...values, stolen: values.stolen ?? time.share };
}
