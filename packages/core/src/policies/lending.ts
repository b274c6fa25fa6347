import type { IsthmusError } from '@isthmus/schema';
import type { Channel } from '../channel.ts';
import type { Pool } from '../pool.ts';
import type { Attempt } from './attempt.ts';
import { Gate } from './gate.ts';
import { Health } from './health.ts';
import type { PoolSettings } from './types.ts';
import { verdictOf } from './verdict.ts';

/** How long an instance that is tested may take to answer, in ms; less where the call has less time. */
const maxPingMs = 1000;

const withoutPool: PoolSettings = {
  gate: undefined,
  testOnBorrowMs: undefined,
  idleEvictMs: undefined,
  ejectAfter: undefined,
  ejectMs: 5000,
};

/** A client's connections as a pool that all its methods borrow from. */
export class Lending {
  readonly pool: Pool;
  /** Undefined: any number of calls at once. */
  readonly gate: Gate | undefined;
  readonly #settings: PoolSettings;
  readonly #health: Health<Channel>;
  /** When each had its last call, on performance.now()'s clock. */
  readonly #usedMs = new WeakMap<Channel, number>();
  readonly #pings = new Map<Channel, Promise<boolean>>();
  #lastUseMs = performance.now();
  /** Connections are being opened again. */
  #isWaking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(pool: Pool, settings: PoolSettings = withoutPool) {
    this.pool = pool;
    this.#settings = settings;
    this.gate = settings.gate === undefined ? undefined : new Gate(settings.gate, 'the client');
    this.#health = new Health(settings);
    this.#watchIdle();
  }

  isPassedOver(channel: Channel): boolean {
    return this.#health.isPassedOver(channel);
  }

  /** Undefined: a call can be sent at once. @throws IsthmusError `NO_INSTANCE`, `CLOSED`: what has to be opened anew is not there. */
  prepare(attempt: Attempt): Promise<void> | undefined {
    this.wake();
    return this.#isWaking && this.pool.instances.channels.length === 0 ? this.#open(attempt) : this.#test(attempt);
  }

  /** Opens what was closed for want of calls, if it was. */
  wake(): void {
    const { instances, settings } = this.pool;
    this.#lastUseMs = performance.now();
    if (!instances.isParked) return;
    instances.wake();
    this.#isWaking = true;
    const done = (): void => {
      this.#isWaking = false;
    };
    instances.waitForFirst(settings.connectTimeoutMs).then(done, done);
  }

  used(channel: Channel): void {
    this.#usedMs.set(channel, performance.now());
  }

  /** Learns from a call that had `hadMs`. */
  ended(channel: Channel, error: IsthmusError | undefined, hadMs: number): void {
    this.#lastUseMs = performance.now();
    this.used(channel);
    const verdict = error === undefined ? 'answer' : verdictOf(error, hadMs, this.pool.settings.timeoutMs);
    if (verdict === 'answer') this.#health.answered(channel);
    else if (verdict === 'failure') this.#health.failed(channel);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #open(attempt: Attempt): Promise<void> {
    const { instances, settings } = this.pool;
    const leftMs = attempt.asked.deadlineMs - performance.now();
    await instances.waitForFirst(Math.max(Math.min(leftMs, settings.connectTimeoutMs), 0));
    await this.#test(attempt);
  }

  /** Looks for an instance that was used lately, or answers a ping. */
  #test(attempt: Attempt): Promise<void> | undefined {
    const { testOnBorrowMs } = this.#settings;
    if (testOnBorrowMs === undefined) return undefined;
    const channel = this.pool.instances.pick(undefined, attempt.asked.form, attempt);
    if (channel === undefined || !this.#isStale(channel, testOnBorrowMs)) {
      attempt.pinned = channel;
      return undefined;
    }
    return this.#testEach(attempt, channel, testOnBorrowMs);
  }

  async #testEach(attempt: Attempt, first: Channel, idleMs: number): Promise<void> {
    const { instances } = this.pool;
    let channel: Channel | undefined = first;
    for (let tries = instances.channels.length; tries > 0 && channel !== undefined; tries--) {
      if (!this.#isStale(channel, idleMs) || (await this.#ping(channel, attempt))) {
        attempt.pinned = channel;
        return;
      }
      this.#health.passOver(channel);
      channel = instances.pick(channel, attempt.asked.form, attempt);
    }
  }

  #isStale(channel: Channel, idleMs: number): boolean {
    const usedMs = this.#usedMs.get(channel);
    // It has just been connected, or at least never been given to anybody here.
    if (usedMs === undefined) this.used(channel);
    return usedMs !== undefined && channel.inFlight === 0 && performance.now() - usedMs > idleMs;
  }

  /** Many calls that find the same instance idle share one ping. */
  #ping(channel: Channel, { asked }: Attempt): Promise<boolean> {
    const running = this.#pings.get(channel);
    if (running !== undefined) return running;
    const leftMs = Math.max(asked.deadlineMs - performance.now(), 1);
    const ping = channel
      .ping(Math.min(maxPingMs, leftMs / 2))
      .then((lanes) => lanes?.every(({ ms }) => ms !== undefined) === true)
      .finally(() => this.#pings.delete(channel));
    this.#pings.set(channel, ping);
    return ping.then((answered) => {
      if (answered) this.used(channel);
      return answered;
    });
  }

  /** Closes the connections once nobody has called for long enough. */
  #watchIdle(): void {
    const { idleEvictMs } = this.#settings;
    if (idleEvictMs === undefined) return;
    const { instances } = this.pool;
    const leftMs = this.#lastUseMs + idleEvictMs - performance.now();
    const isIdle = instances.channels.every(({ inFlight }) => inFlight === 0);
    if (leftMs <= 0 && isIdle && !instances.isParked) instances.park();
    this.#timer = setTimeout(() => this.#watchIdle(), leftMs > 0 ? leftMs : idleEvictMs).unref();
  }
}
