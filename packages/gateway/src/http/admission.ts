/**
 * How many calls are served at once: what is beyond costs as little as can be. And who does not read what it asked for keeps its place
 * for a while only.
 */
import { Socket } from 'node:net';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyReply } from 'fastify';

/** How long a caller may take nothing of a response that waits for it, in ms. */
const UNREAD_MS = 30_000;

export class Admission {
  readonly #maxInFlight: number;
  readonly #unreadMs: number;
  #inFlight = 0;

  /**
   * @param maxInFlight The most calls between their request's head and the end of their response.
   * @param unreadMs After how long a connection is cut that takes nothing of what waits for it.
   */
  constructor(maxInFlight: number, unreadMs: number = UNREAD_MS) {
    this.#maxInFlight = maxInFlight;
    this.#unreadMs = unreadMs;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Counts a request until its response has ended. To be called before its body is read. @throws IsthmusError `OVERLOADED` */
  admit({ raw }: Pick<FastifyReply, 'raw'>): void {
    if (this.#inFlight >= this.#maxInFlight) {
      throw new IsthmusError('OVERLOADED', {
        detail: `the gateway serves ${this.#maxInFlight} calls at once, as http.maxInFlight says`,
      });
    }
    // Of a connection that is gone there is nothing left to tell of its end.
    if (raw.closed) return;
    this.#inFlight += 1;
    raw.once('close', () => {
      this.#inFlight -= 1;
    });
    // Injected, without a connection: nothing of it can wait.
    if (raw.socket !== null && !(raw.socket instanceof Socket)) return;
    // Nothing moves on the connection: it may also be the handler that takes its time, which the call's deadline bounds.
    raw.setTimeout(this.#unreadMs, () => {
      if (raw.writableLength > 0) raw.destroy();
    });
  }
}
