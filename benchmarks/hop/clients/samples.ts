/** How long single calls took: as many as memory is set aside for, evenly over all of the time. */

const capacity = 2 ** 18;
/** Above that, two looks at the clock (60 ns) are no part of what a call costs, and every call is timed. */
const slowNs = 4000;
/** Of fast calls, one in so many is timed. A prime: nothing else happens in such steps. */
const fewer = 17;

export class Samples {
  readonly #values = new Float64Array(capacity);
  #count = 0;
  /** One call in so many is to be timed. */
  every: number;

  /** @param nsOfCall What a call costs, as far as that is known. Default: each call is timed. */
  constructor(nsOfCall: number = Number.POSITIVE_INFINITY) {
    this.every = nsOfCall < slowNs ? fewer : 1;
  }

  add(ns: number): void {
    if (this.#count === capacity) this.#halve();
    this.#values[this.#count++] = ns;
  }

  /** For each share, the least value that so many are not above. NaN where there are none. */
  percentiles(shares: readonly number[]): number[] {
    const sorted = this.#values.slice(0, this.#count).sort();
    return shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
  }

  /** Every other one stays, and from now on half as many come. */
  #halve(): void {
    for (let i = 0; i < capacity / 2; i++) this.#values[i] = this.#values[2 * i] ?? 0;
    this.#count = capacity / 2;
    this.every *= 2;
  }
}
