/** What the user of a client says about how its methods are called. */

/** A call that failed is made again, where that is safe. */
export interface RetryPolicy {
  /** How often a call is made at most, the first time included, 2 to 100. Default: 3. */
  readonly attempts?: number | undefined;
  /**
   * The wait before an attempt is random, from 0 to a bound: this before the second, twice as long before each further one,
   * in ms. Default: 10.
   */
  readonly initialDelayMs?: number | undefined;
  /** The most that the bound grows to, in ms. Default: 1,000. */
  readonly maxDelayMs?: number | undefined;
  /**
   * How many retries and hedges there may be for each call of the method, over the last 10 s, 0 to 1; and 10 beside these.
   * Default: 0.1.
   */
  readonly budget?: number | undefined;
}

/** After failures in a row the method is not called for a while: calls end with CIRCUIT_OPEN at once. */
export interface BreakerPolicy {
  /** How many, 1 to 1,000,000. Default: 5. */
  readonly failures?: number | undefined;
  /** For how long, in ms; then one call finds out whether the method works again. Default: 5,000. */
  readonly openMs?: number | undefined;
  /**
   * DEADLINE_EXCEEDED counts only of a call that had at least so long, in ms: who is in a hurry must not close the method to
   * everybody else. Default: the client's `timeoutMs`.
   */
  readonly minTimeoutMs?: number | undefined;
}

/** How many calls of the method are made at once. */
export interface BulkheadPolicy {
  /** 1 to 65,536. */
  readonly maxActive: number;
  /** How many more may wait for their turn, 0 to 10,000. Default: 128. Of more, the one with the nearest deadline is refused. */
  readonly maxQueued?: number | undefined;
  /** For how long, in ms. Default: 1,000; never beyond a call's deadline. */
  readonly maxWaitMs?: number | undefined;
}

/** A call that takes long is made once more, on another instance, and the first answer counts. For idempotent methods only. */
export interface HedgePolicy {
  /** After so long, in ms. */
  readonly afterMs: number;
}

/** How one method is called. `false` takes away what `'*'` says. */
export interface Policy {
  readonly retry?: RetryPolicy | false | undefined;
  readonly breaker?: BreakerPolicy | false | undefined;
  readonly bulkhead?: BulkheadPolicy | false | undefined;
  readonly hedge?: HedgePolicy | false | undefined;
  /**
   * True: a call that, by what calls take of late, would come too late is refused with OVERLOADED at once, and never sent.
   * Default: false.
   */
  readonly shed?: boolean | undefined;
}

/** Policies by method; `'*'` holds for all, each of its parts until a method has one of its own. */
export type Policies = Readonly<Record<string, Policy>>;

/** The client's connections as a pool that calls borrow from. */
export interface PoolOptions {
  /** Calls at once over all methods and instances, 1 to 1,000,000. Default: no bound but `maxInFlight` of each instance. */
  readonly maxActive?: number | undefined;
  /** How many more may wait, 0 to 10,000, and for how long, in ms, as a bulkhead has them. Default: 128, and 1,000 ms. */
  readonly maxQueued?: number | undefined;
  readonly maxWaitMs?: number | undefined;
  /**
   * An instance that had no call for so long, in ms, is pinged before it gets one. Where it does not answer it is passed
   * over. Default: it is not pinged.
   */
  readonly testOnBorrowMs?: number | undefined;
  /**
   * Without a call for so long, in ms, all connections are closed, and opened again by the next call. Not with regions,
   * which are read without calls. Default: never.
   */
  readonly idleEvictMs?: number | undefined;
  /** An instance whose calls fail so many times in a row is passed over. 1 to 1,000,000. Default: never. */
  readonly ejectAfter?: number | undefined;
  /** For how long, in ms. Default: 5,000. */
  readonly ejectMs?: number | undefined;
}

/** The options with their defaults. */
export interface RetrySettings {
  readonly attempts: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
}

export interface BreakerSettings {
  readonly failures: number;
  readonly openMs: number;
  /** Undefined: the client's `timeoutMs`. */
  readonly minTimeoutMs: number | undefined;
}

export interface GateSettings {
  readonly maxActive: number;
  readonly maxQueued: number;
  readonly maxWaitMs: number;
}

export interface PolicySettings {
  readonly retry: RetrySettings | undefined;
  readonly breaker: BreakerSettings | undefined;
  readonly bulkhead: GateSettings | undefined;
  readonly hedge: { readonly afterMs: number } | undefined;
  readonly shed: boolean;
  /** For retries and hedges. */
  readonly budget: number;
}

export interface PoolSettings {
  /** Undefined: no bound. */
  readonly gate: GateSettings | undefined;
  readonly testOnBorrowMs: number | undefined;
  readonly idleEvictMs: number | undefined;
  readonly ejectAfter: number | undefined;
  readonly ejectMs: number;
}

/** Of a whole client. */
export interface ClientPolicies {
  /** By the method's name. */
  readonly methods: ReadonlyMap<string, PolicySettings>;
  readonly pool: PoolSettings | undefined;
}
