/** How many calls are served at once: what is beyond costs as little as can be. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyReply } from 'fastify';

export class Admission {
  readonly #maxInFlight: number;
  #inFlight = 0;

  /** @param maxInFlight The most calls between their request's head and the end of their response. */
  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
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
  }
}
