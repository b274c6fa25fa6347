/** Has the bridge count requests for this worker, so that limits hold for all workers together. */
import type { Count, RateCounter, WindowState } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import type { NumberedCount, NumberedState } from './messages.ts';

/** How long the bridge may take to answer, in ms. */
const answerTimeoutMs = 1000;

type Waiting = PromiseWithResolvers<WindowState>;

export class RemoteCounter implements RateCounter {
  readonly #ask: (counts: readonly NumberedCount[]) => void;
  readonly #waiting = new Map<number, Waiting>();
  #batch: NumberedCount[] = [];
  #nextId = 0;
  #isAsking = false;

  /** @param ask Gets what came together while it was not known what the bridge says; the states go to {@link answer}. */
  constructor(ask: (counts: readonly NumberedCount[]) => void) {
    this.#ask = ask;
  }

  /** @throws IsthmusError OVERLOADED when the bridge does not answer within a second: a limit that is not kept is none. */
  count(count: Count): Promise<WindowState> {
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<WindowState>();
    this.#waiting.set(id, waiting);
    const batch = this.#batch;
    if (batch.length === 0) {
      setImmediate(() => this.#send());
      setTimeout(() => this.#giveUp(batch), answerTimeoutMs).unref();
    }
    batch.push({ ...count, id });
    return waiting.promise;
  }

  /** What the bridge has counted. What comes too late is dropped. */
  answer(states: readonly NumberedState[]): void {
    for (const { id, count, leftMs } of states) {
      this.#waiting.get(id)?.resolve({ count, leftMs });
      this.#waiting.delete(id);
    }
    this.#isAsking = false;
    this.#send();
  }

  /** One question at a time: those that a bridge does not read must not pile up. */
  #send(): void {
    if (this.#isAsking || this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#isAsking = true;
    this.#ask(batch);
  }

  #giveUp(batch: readonly NumberedCount[]): void {
    if (batch === this.#batch) this.#batch = [];
    for (const { id } of batch) {
      const detail = `the bridge counts requests for all workers, and did not answer within ${answerTimeoutMs} ms`;
      this.#waiting.get(id)?.reject(new IsthmusError('OVERLOADED', { detail }));
      this.#waiting.delete(id);
    }
  }
}
