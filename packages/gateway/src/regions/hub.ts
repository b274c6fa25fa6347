/** All who watch regions through one gateway: how many they are, what they share, and the beat that keeps them alive. */
import { IsthmusError } from '@isthmus/schema';
import { Feed, type FollowOptions } from './feed.ts';
import type { ServedRegion } from './served-region.ts';
import type { Receiver, Subscription } from './subscription.ts';

/** A connection over which somebody watches. */
export interface WatchConnection {
  /** Time for a sign of life, every `heartbeatMs`. */
  heartbeat(): void;
  /** The gateway shuts down. */
  end(): void;
}

export interface HubOptions {
  /** The most watches at a time, and the most connections. */
  readonly maxWatchers: number;
  /** Default 15,000. */
  readonly heartbeatMs?: number | undefined;
  /** Told of mistakes of ours, for the log. */
  readonly onFault?: ((error: IsthmusError, region: string) => void) | undefined;
}

const DEFAULT_HEARTBEAT_MS = 15_000;

export class RegionHub {
  readonly #maxWatchers: number;
  readonly #heartbeatMs: number;
  readonly #onFault: HubOptions['onFault'];
  readonly #feeds = new Map<string, Feed>();
  readonly #connections = new Set<WatchConnection>();
  #watches = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ maxWatchers, heartbeatMs = DEFAULT_HEARTBEAT_MS, onFault }: HubOptions) {
    this.#onFault = onFault;
    this.#maxWatchers = maxWatchers;
    this.#heartbeatMs = heartbeatMs;
  }

  /** How many watch now, and over how many feeds. */
  get counts(): { readonly watches: number; readonly feeds: number; readonly connections: number } {
    return { watches: this.#watches, feeds: this.#feeds.size, connections: this.#connections.size };
  }

  /** @throws IsthmusError `TOO_MANY_WATCHERS` when there is no room for one more connection. */
  requireRoom(): void {
    if (this.#connections.size >= this.#maxWatchers) throw this.#tooMany();
  }

  /** @throws IsthmusError `TOO_MANY_WATCHERS`. */
  enter(connection: WatchConnection): void {
    this.requireRoom();
    this.#connections.add(connection);
    this.#timer ??= setInterval(() => this.#heartbeat(), this.#heartbeatMs);
  }

  leave(connection: WatchConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Has the receiver told of what there is and of what is new, until the subscription is stopped or fails.
   *
   * @param key Of one row, in JSON form; undefined: the whole region.
   * @throws IsthmusError `TOO_MANY_WATCHERS`.
   */
  watch(served: ServedRegion, key: unknown, receiver: Receiver, options: FollowOptions): Subscription {
    if (this.#watches >= this.#maxWatchers) throw this.#tooMany();
    const id = `${served.name} ${JSON.stringify(key)}`;
    let feed = this.#feeds.get(id);
    if (feed === undefined) {
      feed = new Feed(served, key, {
        onLeave: () => this.#watches--,
        onEmpty: () => this.#feeds.delete(id),
        onFault: (error) => this.#onFault?.(error, served.name),
      });
      this.#feeds.set(id, feed);
    }
    this.#watches++;
    return feed.follow(receiver, options);
  }

  /** Ends every connection: the gateway shuts down. */
  close(): void {
    for (const connection of [...this.#connections]) connection.end();
  }

  #heartbeat(): void {
    for (const feed of this.#feeds.values()) feed.checkLive();
    for (const connection of [...this.#connections]) connection.heartbeat();
  }

  #tooMany(): IsthmusError {
    return new IsthmusError('TOO_MANY_WATCHERS', { detail: `${this.#maxWatchers} watch already` });
  }
}
