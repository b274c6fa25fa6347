import { IsthmusError } from '@isthmus/schema';
import { onAbort } from './on-abort.ts';
import type { GateSettings } from './types.ts';

interface Waiter {
  /** On the gate's clock: when its call must have ended. */
  readonly deadlineMs: number;
  readonly enter: () => void;
  readonly refuse: (error: IsthmusError) => void;
}

/**
 * Lets so many calls through at once, and so many more wait for their turn: in the order they came, for a bounded time. When
 * the line is full, whoever has the nearest deadline is refused: it is the least likely to be answered in time.
 *
 * Not cockatiel's bulkhead, whose line is neither bounded in time nor knows deadlines.
 */
export class Gate {
  readonly #settings: GateSettings;
  /** For the detail of OVERLOADED: what there are too many calls of. */
  readonly #of: string;
  readonly #now: () => number;
  readonly #line: Waiter[] = [];
  #active = 0;

  constructor(settings: GateSettings, of: string, now: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#of = of;
    this.#now = now;
  }

  /** How many calls are through, and have not left. */
  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Whether a call that came now would be refused at once. */
  refuses(deadlineMs: number): boolean {
    const { maxActive, maxQueued } = this.#settings;
    if (this.#active < maxActive || this.#line.length < maxQueued) return false;
    return this.#line.every((waiter) => waiter.deadlineMs >= deadlineMs);
  }

  /** For one that cannot wait. @throws IsthmusError `OVERLOADED` */
  enterNow(): void {
    if (this.#active >= this.#settings.maxActive) throw this.refusal();
    this.#active += 1;
  }

  /**
   * Whoever has come in must `leave`.
   *
   * @returns Undefined: it is in at once.
   * @throws IsthmusError `OVERLOADED`, at once or later; `CANCELLED`.
   */
  enter(deadlineMs: number, signal: AbortSignal | undefined): Promise<void> | undefined {
    const { maxActive, maxQueued, maxWaitMs } = this.#settings;
    if (this.#active < maxActive) {
      this.#active += 1;
      return undefined;
    }
    const waitMs = Math.min(maxWaitMs, deadlineMs - this.#now());
    if (waitMs <= 0 || !this.#makeRoom(deadlineMs, maxQueued)) throw this.refusal();
    return this.#wait(deadlineMs, waitMs, signal);
  }

  leave(): void {
    this.#active -= 1;
    const nowMs = this.#now();
    for (let next = this.#line[0]; next !== undefined; next = this.#line[0]) {
      if (next.deadlineMs > nowMs) {
        next.enter();
        return;
      }
      next.refuse(this.refusal());
    }
  }

  refusal(): IsthmusError {
    const { maxActive, maxQueued, maxWaitMs } = this.#settings;
    return new IsthmusError('OVERLOADED', {
      detail: `${this.#of} has as many calls under way as may be (maxActive: ${maxActive}), and no place came free for this one (maxQueued: ${maxQueued}, maxWaitMs: ${maxWaitMs})`,
    });
  }

  #wait(deadlineMs: number, waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        clearTimeout(timer);
        stopListening();
      };
      const waiter: Waiter = {
        deadlineMs,
        enter: () => {
          end();
          this.#active += 1;
          resolve();
        },
        refuse: (error) => {
          end();
          reject(error);
        },
      };
      const timer = setTimeout(() => waiter.refuse(this.refusal()), waitMs);
      const stopListening = onAbort(signal, waiter.refuse);
      this.#line.push(waiter);
    });
  }

  /** False: the one that has come has the nearest deadline of all. */
  #makeRoom(deadlineMs: number, maxQueued: number): boolean {
    if (this.#line.length < maxQueued) return true;
    let nearest: Waiter | undefined;
    for (const waiter of this.#line) {
      if (nearest === undefined || waiter.deadlineMs < nearest.deadlineMs) nearest = waiter;
    }
    if (nearest === undefined || nearest.deadlineMs >= deadlineMs) return false;
    nearest.refuse(this.refusal());
    return true;
  }
}
