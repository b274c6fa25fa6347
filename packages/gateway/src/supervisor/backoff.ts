/** How long to wait before an instance that died is started again. */

export interface BackoffOptions {
  /** The ceiling of the first wait that is not zero, in ms; it doubles with each further death. Default 100. */
  readonly baseMs?: number;
  /** The ceiling that waits never pass, in ms. Default 10,000. */
  readonly maxMs?: number;
  /** An instance that ran this long counts as healthy: the count of its deaths begins anew. Default 5,000 ms. */
  readonly stableMs?: number;
  /** A number from 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Exponential backoff with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. Jitter
 * keeps instances that die of the same cause from all starting at the same instant. The first restart does not wait, since
 * a single crash is no crash loop, and callers are waiting.
 */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #deaths = 0;

  constructor(options: BackoffOptions = {}) {
    this.#options = { baseMs: 100, maxMs: 10_000, stableMs: 5000, random: Math.random, ...options };
  }

  /** Deaths in a row, none of them after a stable run. */
  get deaths(): number {
    return this.#deaths;
  }

  /** How long an instance has to run to count as healthy, in ms. */
  get stableMs(): number {
    return this.#options.stableMs;
  }

  /** An instance has run for that long: the count of its deaths begins anew. */
  reset(): void {
    this.#deaths = 0;
  }

  /** Counts a death after a run of `ranMs` and returns how long to wait, in ms. */
  next(ranMs: number): number {
    const { baseMs, maxMs, stableMs, random } = this.#options;
    this.#deaths = ranMs >= stableMs ? 1 : this.#deaths + 1;
    if (this.#deaths === 1) return 0;
    return Math.floor(random() * Math.min(maxMs, baseMs * 2 ** (this.#deaths - 2)));
  }
}
