import type { IsthmusError } from '@isthmus/schema';
import type { PendingCall } from './pending.ts';

/** How long calls wait before they are tried again, in ms. */
const retryMs = 1;
/** The most calls that wait. Of more, the one with the nearest deadline gives up: it is the least likely to be answered in time. */
const maxWaiting = 10_000;

interface Waiting {
  readonly call: PendingCall;
  /** Why it was not sent. */
  readonly error: IsthmusError;
  /** On performance.now()'s clock: when the call's patience is over, and when it must have ended. */
  readonly untilMs: number;
  readonly deadlineMs: number;
}

/**
 * Calls that could not be sent and have patience left: tried again in the order they came, by one timer for all. As soon as one
 * has to wait again, those after it are not tried either.
 */
export class WaitingRoom {
  readonly #patienceMs: number;
  readonly #send: (call: PendingCall, timeoutMs: number, error: IsthmusError) => void;
  readonly #giveUp: (call: PendingCall, error: IsthmusError) => void;
  /** When each call came for the first time, on performance.now()'s clock. */
  readonly #sinceMs = new WeakMap<PendingCall, number>();
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param patienceMs How long a call waits here, all its tries together.
   * @param send Tries again, told why the call waited; if it has to wait on, it calls `enter` again before it returns.
   * @param giveUp Ends a call whose patience is over.
   */
  constructor(
    patienceMs: number,
    send: (call: PendingCall, timeoutMs: number, error: IsthmusError) => void,
    giveUp: (call: PendingCall, error: IsthmusError) => void,
  ) {
    this.#patienceMs = patienceMs;
    this.#send = send;
    this.#giveUp = giveUp;
  }

  /**
   * Takes in a call that was not sent and has `leftMs` until its deadline, or ends it with `error`. `patienceMs`: where this one has
   * more than others.
   */
  enter(call: PendingCall, error: IsthmusError, leftMs: number, patienceMs = this.#patienceMs): void {
    const nowMs = performance.now();
    const sinceMs = this.#sinceMs.get(call) ?? nowMs;
    const deadlineMs = nowMs + leftMs;
    const untilMs = Math.min(sinceMs + patienceMs, deadlineMs);
    if (untilMs <= nowMs) {
      this.#giveUp(call, error);
      return;
    }
    this.#sinceMs.set(call, sinceMs);
    this.#waiting.push({ call, error, untilMs, deadlineMs });
    if (this.#waiting.length > maxWaiting) this.#giveUpNearest();
    this.#timer ??= setTimeout(() => this.#tryAgain(), retryMs);
  }

  #giveUpNearest(): void {
    let nearest = 0;
    for (const [at, { deadlineMs }] of this.#waiting.entries()) {
      if (deadlineMs < (this.#waiting[nearest]?.deadlineMs ?? 0)) nearest = at;
    }
    for (const { call, error } of this.#waiting.splice(nearest, 1)) this.#giveUp(call, error);
  }

  #tryAgain(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const entry of waiting) {
      if (entry.call.settled) continue;
      const isBlocked = this.#waiting.length > 0;
      // Whose patience is over is tried once more: it may have been this process that had no time to look.
      if (entry.deadlineMs <= nowMs || (isBlocked && entry.untilMs <= nowMs)) this.#giveUp(entry.call, entry.error);
      else if (isBlocked) this.#waiting.push(entry);
      else this.#send(entry.call, entry.deadlineMs - nowMs, entry.error);
    }
  }
}
