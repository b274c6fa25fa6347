/** The time over which calls and retries are compared, in slots of a second each. */
const slots = 10;
const slotMs = 1000;
/** Retries that are allowed beside the share, over the same time: so that a method that is seldom called may have some. */
const floor = 10;

/**
 * What retries and hedges may cost: over the last 10 s there are at most `share` of them for each call, and 10 more. Where a
 * service fails altogether, it so gets little more than its usual load, however many attempts each call may have.
 */
export class Budget {
  readonly #share: number;
  readonly #now: () => number;
  readonly #calls = new Array<number>(slots).fill(0);
  readonly #spent = new Array<number>(slots).fill(0);
  /** The number of the second that the newest slot is for. */
  #newest = 0;

  constructor(share: number, now: () => number = () => performance.now()) {
    this.#share = share;
    this.#now = now;
  }

  /** There was a call. */
  earn(): void {
    const at = this.#turn();
    this.#calls[at] = (this.#calls[at] ?? 0) + 1;
  }

  /** Takes one retry; false where there is none left. */
  spend(): boolean {
    const at = this.#turn();
    if (sum(this.#spent) + 1 > sum(this.#calls) * this.#share + floor) return false;
    this.#spent[at] = (this.#spent[at] ?? 0) + 1;
    return true;
  }

  /** Empties the slots whose time is over, and returns the present one's. */
  #turn(): number {
    const second = Math.floor(this.#now() / slotMs);
    const first = Math.max(this.#newest + 1, second - slots + 1);
    for (let one = first; one <= second; one++) {
      this.#calls[one % slots] = 0;
      this.#spent[one % slots] = 0;
    }
    this.#newest = second;
    return second % slots;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
