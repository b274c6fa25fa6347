import { maxPings, type NativeChannel } from '@isthmus/native';
import { errors } from '@isthmus/schema';

/** How long a ping that found no room waits before it is tried again, in ms. */
const retryMs = 5;

/** What came of a ping of one serving thread. */
export interface LanePing {
  /** Which, from 0. */
  readonly lane: number;
  /** How long its answer took, in ms, with the time that there was no room to ask. Undefined: none came in time. */
  readonly ms: number | undefined;
}

/** Asks the serving threads of an instance for signs of life, which is no call and takes no call's place. */
export class Pings {
  readonly #native: Pick<NativeChannel, 'lanes' | 'ping'>;
  /** The slot of ping number 0. */
  readonly #firstSlot: number;
  /** A stack of free numbers. */
  readonly #free = Array.from({ length: maxPings }, (_, index) => index);
  readonly #asked = new Map<number, (answered: boolean) => void>();
  #closed = false;

  constructor(native: Pick<NativeChannel, 'lanes' | 'ping'>, maxInFlight: number) {
    this.#native = native;
    this.#firstSlot = maxInFlight;
  }

  /** Of all lanes at once. Never rejects. */
  all(timeoutMs: number): Promise<readonly LanePing[]> {
    const lanes = Array.from({ length: this.#native.lanes }, (_, lane) => lane);
    return Promise.all(lanes.map(async (lane) => ({ lane, ms: await this.#ask(lane, timeoutMs) })));
  }

  /** An outcome came for a slot that is no call's. */
  take(slot: number, status: number): void {
    const number = slot - this.#firstSlot;
    const settle = this.#asked.get(number);
    if (settle === undefined) return;
    this.#asked.delete(number);
    this.#free.push(number);
    settle(status === 0);
  }

  /** Nothing more is heard of the instance. */
  close(): void {
    this.#closed = true;
    for (const settle of this.#asked.values()) settle(false);
    this.#asked.clear();
  }

  async #ask(lane: number, timeoutMs: number): Promise<number | undefined> {
    const startMs = performance.now();
    for (let leftMs = timeoutMs; leftMs > 0 && !this.#closed; leftMs = timeoutMs - (performance.now() - startMs)) {
      const status = this.#send(lane, leftMs);
      if (typeof status !== 'number') return (await status) ? performance.now() - startMs : undefined;
      // A thread that is stuck leaves no room either: that it stays so is what the time is for.
      if (status !== -errors.RING_FULL.number && status !== -errors.TOO_MANY_CALLS.number) return undefined;
      await new Promise((resolve) => setTimeout(resolve, Math.min(retryMs, leftMs)));
    }
    return undefined;
  }

  /** @returns What comes of it, or why it was not sent. */
  #send(lane: number, timeoutMs: number): Promise<boolean> | number {
    const number = this.#free.pop();
    if (number === undefined) return -errors.TOO_MANY_CALLS.number;
    const status = this.#native.ping(number, lane, timeoutMs);
    if (status === 0) return new Promise((resolve) => this.#asked.set(number, resolve));
    this.#free.push(number);
    return status;
  }
}
