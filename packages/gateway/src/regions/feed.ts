/** A region, or one row of it, as it changes: watched once, however many follow. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RowImage } from '@isthmus/core';
import { IsthmusError } from '@isthmus/schema';
import { toIsthmusError } from '../http/framework-errors.ts';
import { type Problem, problemOf } from '../http/problem.ts';
import { Pace } from './pace.ts';
import { RowList } from './row-list.ts';
import { RowVersion } from './row-version.ts';
import type { ServedRegion } from './served-region.ts';
import { type FeedState, type Receiver, Subscription } from './subscription.ts';
import { tagOf, type Version } from './tag.ts';

export interface FollowOptions {
  /** The most events a second for each row. */
  readonly maxRate: number;
  /** A version that the receiver has already; of one row only, since every row has versions of its own. */
  readonly known?: Version | undefined;
}

/** How long until a watch that failed is begun again, in ms. */
const RETRY_MS = 1000;

/** The rates at which regions are watched, in events a second. Few, so that another watcher seldom means another watch. */
const sourceRates = [10, 100, 1000];

export interface FeedHandlers {
  /** Somebody does not follow any more. */
  onLeave(): void;
  /** Nobody does. */
  onEmpty(): void;
  /** Watching failed by a mistake of ours: whoever follows is told no more than that. */
  onFault(error: IsthmusError): void;
}

export class Feed implements FeedState {
  readonly rows = new RowList();
  #isLive: boolean;
  #problem: Problem | undefined;
  readonly #served: ServedRegion;
  readonly #key: unknown;
  readonly #handlers: FeedHandlers;
  readonly #paces = new Map<number, Pace>();
  readonly #subscriptions = new Set<Subscription>();
  #rate = 0;
  #epoch: bigint | undefined;
  #source = new AbortController();

  /** @param key Of the row to follow, in JSON form; undefined: all there are. */
  constructor(served: ServedRegion, key: unknown, handlers: FeedHandlers) {
    this.#served = served;
    this.#key = key;
    this.#handlers = handlers;
    this.#isLive = served.region.isLive;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** Gives the receiver what there is, as soon as this turn is over, and then what is new. */
  follow(receiver: Receiver, { maxRate, known }: FollowOptions): Subscription {
    this.checkLive();
    const intervalMs = Math.ceil(1000 / maxRate);
    const pace = this.#paces.get(intervalMs) ?? new Pace(intervalMs);
    this.#paces.set(intervalMs, pace);
    const subscription: Subscription = new Subscription(this, pace, receiver, {
      known,
      leave: () => {
        if (pace.isEmpty) this.#paces.delete(intervalMs);
        this.#subscriptions.delete(subscription);
        this.#handlers.onLeave();
        if (this.#subscriptions.size === 0) this.#end();
      },
    });
    this.#subscriptions.add(subscription);
    this.#watchAt(sourceRates.find((rate) => rate >= maxRate) ?? 1000);
    setImmediate(() => {
      // It does not wait for the pace of the others. Who has left meanwhile gets nothing.
      if (this.#subscriptions.has(subscription)) subscription.beat();
    });
    return subscription;
  }

  /** Looks whether the owner is there: of a region that nobody has written yet no event tells. */
  checkLive(): void {
    if (this.#isLive === this.#served.region.isLive) return;
    this.#isLive = !this.#isLive;
    this.#wake();
  }

  #watchAt(rate: number): void {
    if (rate <= this.#rate) return;
    this.#source.abort();
    this.#source = new AbortController();
    this.#rate = rate;
    // A mistake ends a watch, and not the process.
    this.#run(this.#source.signal, rate).catch((error: unknown) => this.#fail(toIsthmusError(error)));
  }

  async #run(signal: AbortSignal, maxRate: number): Promise<void> {
    while (!signal.aborted) {
      const error = await this.#take(maxRate, signal);
      if (signal.aborted) return;
      if (error.retryable === 'never') {
        this.#fail(error);
        return;
      }
      const problem = problemOf(error, false);
      // Told once, not at each attempt.
      if (this.#problem?.code !== problem.code) {
        this.#problem = problem;
        this.#wake();
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Follows a watch to its end, and says why it ended. */
  async #take(maxRate: number, signal: AbortSignal): Promise<IsthmusError> {
    try {
      for await (const event of this.#served.region.watch({ key: this.#key, maxRate, signal })) {
        if (signal.aborted) break;
        this.#put(event);
      }
      return new IsthmusError('CLOSED', { detail: `region ${this.#served.name} is no longer watched` });
    } catch (error) {
      return toIsthmusError(error);
    }
  }

  #put(event: RowImage & { skipped: number; live: boolean }): void {
    const { forms } = this.#served;
    const isRowOfMany = forms.key !== undefined && this.#key === undefined;
    const id = isRowOfMany ? Buffer.from(forms.keyBytes(event.bytes)).toString('latin1') : '';
    // An event of its own, with the same version, tells that the owner came or went. After a problem a version that is known
    // is told again, since it says that all is well.
    const last = this.rows.get(id)?.version;
    const isNews = this.#problem !== undefined || last?.tag !== tagOf(event);
    // Another owner's memory: its rows alone are there now, as they are for whoever reads.
    if (this.#epoch !== event.epoch) this.rows.retire();
    this.#epoch = event.epoch;
    this.#isLive = event.live;
    this.#problem = undefined;
    // A watch that was begun anew does not know what the one before it has given.
    if (isNews) this.rows.put(id, new RowVersion(this.#served, event), last?.skippedTo(event) ?? event.skipped);
    this.#wake();
  }

  #wake(): void {
    for (const pace of this.#paces.values()) pace.wake();
  }

  /** Nothing comes any more. */
  #fail(error: IsthmusError): void {
    this.#source.abort();
    if (error.code === 'INTERNAL') this.#handlers.onFault(error);
    const problem = problemOf(error, false);
    for (const subscription of [...this.#subscriptions]) subscription.fail(problem);
  }

  #end(): void {
    this.#source.abort();
    this.#handlers.onEmpty();
  }
}
