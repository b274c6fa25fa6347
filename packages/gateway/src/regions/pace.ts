/** When the watchers that asked for the same rate are given what is new: all of them at once, by one timer. */

/** Whoever is given something when it is time. */
export interface Paced {
  beat(): void;
}

export class Pace {
  readonly #intervalMs: number;
  readonly #members = new Set<Paced>();
  #dueMs = 0;
  #timer: { cancel(): void } | undefined;

  /** @param intervalMs The least time between two beats. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  add(member: Paced): void {
    this.#members.add(member);
  }

  delete(member: Paced): void {
    this.#members.delete(member);
    if (!this.isEmpty) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** There is something new: the next beat is as soon as the interval allows. */
  wake(): void {
    if (this.#timer !== undefined || this.isEmpty) return;
    const waitMs = this.#dueMs - performance.now();
    // Not at once: what else is new in this turn of the event loop goes along.
    this.#timer = waitMs <= 0 ? immediately(this.#beat) : later(this.#beat, waitMs);
  }

  readonly #beat = (): void => {
    this.#timer = undefined;
    this.#dueMs = performance.now() + this.#intervalMs;
    for (const member of this.#members) member.beat();
  };
}

function immediately(run: () => void): { cancel(): void } {
  const handle = setImmediate(run);
  return { cancel: () => clearImmediate(handle) };
}

function later(run: () => void, waitMs: number): { cancel(): void } {
  const handle = setTimeout(run, waitMs);
  return { cancel: () => clearTimeout(handle) };
}
