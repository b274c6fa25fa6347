/** The figures of a section: gathered while it measures, and looked up afterwards. */
import type { Figure, Place, SectionResult } from './results.ts';
import type { Rounds } from './spread.ts';

/** Digits that are kept in results.json. */
const keptDigits = 6;

/** Fills in rounds that may come with some contestants missing. */
export class FigureBook {
  readonly #rounds: number;
  readonly #figures = new Map<string, Figure & { readonly rounds: (number | null)[] }>();

  constructor(rounds: number) {
    this.#rounds = rounds;
  }

  /** Each of `values` is a measure; `undefined` and what is no number are none. */
  add(contestant: string, at: Place, round: number, values: Readonly<Record<string, number | undefined>>): void {
    for (const [measure, value] of Object.entries(values)) {
      if (value === undefined || !Number.isFinite(value)) continue;
      const key = keyOf(contestant, measure, at);
      const figure = this.#figures.get(key) ?? { contestant, measure, at, rounds: Array(this.#rounds).fill(null) };
      figure.rounds[round] = Number(value.toPrecision(keptDigits));
      this.#figures.set(key, figure);
    }
  }

  get all(): Figure[] {
    return [...this.#figures.values()];
  }
}

export interface FigureReader {
  /** By round; none where it was not measured. */
  rounds(contestant: string, measure: string, at: Place): Rounds;
  /** Everywhere that something was measured, in that order. */
  places(): Place[];
  /** Who was measured there, in the order of their turns. */
  contestants(at: Place): string[];
}

export function figureReader({ figures }: Pick<SectionResult, 'figures'>): FigureReader {
  const byKey = new Map(figures.map((figure) => [keyOf(figure.contestant, figure.measure, figure.at), figure.rounds]));
  return {
    rounds: (contestant, measure, at) => byKey.get(keyOf(contestant, measure, at)) ?? [],
    places: () => [...new Map(figures.map(({ at }) => [placeKey(at), at])).values()],
    contestants: (at) => {
      const there = figures.filter((figure) => placeKey(figure.at) === placeKey(at));
      return [...new Set(there.map(({ contestant }) => contestant))];
    },
  };
}

function keyOf(contestant: string, measure: string, at: Place): string {
  return JSON.stringify([contestant, measure, placeKey(at)]);
}

/** The same in whatever order the place was written. */
function placeKey(at: Place): string {
  return JSON.stringify(Object.entries(at).sort(([a], [b]) => (a < b ? -1 : 1)));
}
