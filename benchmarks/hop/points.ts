/** The sizes of the hop section, and how many calls are under way. */
import type { Point } from './contestant.ts';

const kib = 2 ** 10;
const mib = 2 ** 20;

/** What "as many as it takes" is at each size: more of them gain nothing. */
const manyInFlight: ReadonlyMap<number, number> = new Map([
  [64, 1024],
  [kib, 1024],
  [64 * kib, 64],
  [mib, 8],
  [16 * mib, 2],
]);

export const allSizes: readonly number[] = [...manyInFlight.keys()];

/** One at a time, and as many as it takes. */
export function pointsOf(bytes: number): readonly Point[] {
  return [
    { bytes, inFlight: 1 },
    { bytes, inFlight: manyInFlight.get(bytes) ?? 1 },
  ];
}

/** A `cannot` for what waits for each reply. */
export function onlyOneAtATime({ inFlight }: Point): string | undefined {
  return inFlight === 1 ? undefined : 'it waits for each reply: there is never more than one';
}
