/** How much a new sample counts. */
const weight = 0.2;
/** How much of the time that is left waiting behind others may take: what calls take varies. */
const share = 0.75;
/** How many of its usual deviations a call must take longer than one that need not wait, for that to be called waiting. */
const deviations = 2;

/**
 * What calls of one method take at one instance, by how many were in flight there when they were sent: so that a call that
 * would come too late is not sent. The time that a call takes behind no other tells what waiting adds; an instance that
 * answers any number of calls at once is so not mistaken for one that cannot keep up.
 */
export class Load {
  readonly #lanes: number;
  /** What a call takes that need not wait, and by how much that varies. */
  #aloneMs: number | undefined;
  #deviationMs = 0;
  /** What one takes now, and behind how many. */
  #recentMs = 0;
  #recentAhead = 0;

  /** @param lanes How many calls the instance works on at once. */
  constructor(lanes: number) {
    this.#lanes = lanes;
  }

  /** A call was answered. `ahead`: how many were in flight when it was sent. */
  answered(ms: number, ahead: number): void {
    if (ahead < this.#lanes) {
      const aloneMs = this.#aloneMs ?? ms;
      this.#deviationMs = blend(this.#deviationMs, Math.abs(ms - aloneMs));
      this.#aloneMs = blend(aloneMs, ms);
    }
    this.#take(ms, ahead);
  }

  /** A call had no answer after so long. What it would have taken is not known: only that it is no less. */
  missed(ms: number, ahead: number): void {
    if (ahead >= this.#lanes && ms * (this.#recentAhead + 1) > this.#recentMs * (ahead + 1)) this.#take(ms, ahead);
  }

  /** Whether a call that is sent behind so many, and has `leftMs`, would come too late. Never where it need not wait. */
  isTooMuch(ahead: number, leftMs: number): boolean {
    if (ahead < this.#lanes) return false;
    // Where there was none yet, perhaps since all come too late, all of the time counts as waiting.
    const aloneMs = this.#aloneMs ?? 0;
    const waitedMs = this.#recentMs - aloneMs - deviations * this.#deviationMs;
    // One that has less time than a call takes alone may do with less; so it is judged by half of its time.
    const roomMs = Math.max(leftMs - aloneMs, leftMs / 2);
    return waitedMs * (ahead + 1) > share * roomMs * (this.#recentAhead + 1);
  }

  #take(ms: number, ahead: number): void {
    this.#recentMs = blend(this.#recentMs, ms);
    this.#recentAhead = blend(this.#recentAhead, ahead);
  }
}

function blend(old: number, sample: number): number {
  return old + (sample - old) * weight;
}
