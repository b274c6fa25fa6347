/** Contestants take turns: A B C A B C, so that a machine that becomes slower does so for all of them. */
import { FigureBook } from './figures.ts';
import type { Figure, Gap, Place } from './results.ts';

/** One contestant's measurement at one place, once a round. */
export interface Turn {
  readonly contestant: string;
  readonly at: Place;
  /** The measures, by name. */
  measure(round: number): Promise<Readonly<Record<string, number | undefined>>>;
}

export interface Turns {
  readonly figures: Figure[];
  readonly failures: Gap[];
}

/**
 * Has every turn taken in each round, in the order given. One that fails is not tried again.
 *
 * @param told Gets what each measured, or the error.
 */
export async function takeTurns(
  rounds: number,
  turns: readonly Turn[],
  told: (turn: Turn, round: number, outcome: Readonly<Record<string, number | undefined>> | Error) => void,
): Promise<Turns> {
  const book = new FigureBook(rounds);
  const failed = new Map<Turn, Error>();
  for (let round = 0; round < rounds; round++) {
    for (const turn of turns) {
      if (failed.has(turn)) continue;
      try {
        const values = await turn.measure(round);
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
  return { figures: book.all, failures };
}
