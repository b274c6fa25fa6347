/** When a client is warm: its code is compiled, and it is as fast as it gets in the time that there is. */
import type { Measured } from '../contestant.ts';

type Tally = Pick<Measured, 'calls' | 'ns'>;

/** So many windows at most, by the time that they take. */
const maxWindows = 24;
/** A window that costs more than this share of the best before it is no faster. */
const faster = 0.95;
/** So many in a row that are no faster end it: one may have been disturbed. */
const enough = 2;

/**
 * Makes calls, a window of time after the other, until they become no faster.
 *
 * @param windowMs How long a window takes.
 * @param run Makes calls for so many ms.
 * @returns What a call costs at the end, in ns.
 */
export async function warmUp(windowMs: number, run: (ms: number) => Promise<Tally> | Tally): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  let last = best;
  let elapsed = 0;
  for (let noFaster = 0; noFaster < enough && elapsed < maxWindows * windowMs * 1e6; ) {
    const { calls, ns } = await run(windowMs);
    last = ns / calls;
    noFaster = last < faster * best ? 0 : noFaster + 1;
    best = Math.min(best, last);
    elapsed += ns;
  }
  return last;
}
