import type { IsthmusError } from '@isthmus/schema';
import type { PendingCall } from './pending.ts';

/** How long calls without room wait before they are tried again, in ms. */
const retryMs = 1;
/** The most calls that wait. Of more, the one with the nearest deadline gives up: it is the least likely to be answered in time. */
const maxWaiting = 10_000;

interface Waiting {
  readonly call: PendingCall;
  /** Why there was no room. */
  readonly error: IsthmusError;
  /** On performance.now()'s clock: when the call gives up, and when it must have ended. */
  readonly untilMs: number;
  readonly deadlineMs: number;
}

/**
 * Calls that found no room and have patience left: tried again in the order they came, by one timer for all. As soon as one
 * finds no room again, those after it are not tried either.
 */
export class WaitingRoom {
  readonly #patienceMs: number;
  readonly #send: (call: PendingCall, timeoutMs: number) => void;
  readonly #giveUp: (call: PendingCall, error: IsthmusError) => void;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param send Tries again; if there is no room it calls `enter` again before it returns.
   * @param giveUp Ends a call whose patience is over.
   */
  constructor(
    patienceMs: number,
    send: (call: PendingCall, timeoutMs: number) => void,
    giveUp: (call: PendingCall, error: IsthmusError) => void,
  ) {
    this.#patienceMs = patienceMs;
    this.#send = send;
    this.#giveUp = giveUp;
  }

  /** Takes in a call that was not sent and has `leftMs` until its deadline, or ends it with `error`. */
  enter(call: PendingCall, error: IsthmusError, leftMs: number): void {
    const nowMs = performance.now();
    if (call.waitingSinceMs === 0) call.waitingSinceMs = nowMs;
    const deadlineMs = nowMs + leftMs;
    const untilMs = Math.min(call.waitingSinceMs + this.#patienceMs, deadlineMs);
    if (untilMs <= nowMs) {
      this.#giveUp(call, error);
      return;
    }
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
      if (entry.untilMs <= nowMs) this.#giveUp(entry.call, entry.error);
      else if (this.#waiting.length > 0) this.#waiting.push(entry);
      else this.#send(entry.call, entry.deadlineMs - nowMs);
    }
  }
}
