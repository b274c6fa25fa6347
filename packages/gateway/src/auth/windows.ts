/** Counting requests in windows of time: who has how many left, and until when. */
import { LRUCache } from 'lru-cache';

/** What is counted of one name. */
export interface Count {
  /** What is limited: requests, or wrong credentials. */
  readonly of: 'requests' | 'failures';
  /** Whose: a caller, or an address. */
  readonly name: string;
  /** How long a window is, in ms. */
  readonly windowMs: number;
  /** False: only looks. */
  readonly add: boolean;
}

export interface WindowState {
  /** How many there were in the window that is open, this one among them; 0: none is open. */
  readonly count: number;
  /** Until it closes, in ms. */
  readonly leftMs: number;
}

/** Whoever counts: this process, or the one that does it for several gateways on one port. */
export interface RateCounter {
  /** @throws IsthmusError OVERLOADED when whoever counts does not answer. */
  count(count: Count): WindowState | Promise<WindowState>;
}

interface Window {
  readonly begunAt: number;
  count: number;
}

/** How many windows of each kind are remembered: the oldest make room. */
const maxWindows = 5000;

/** A window begins with the first that finds none open. */
export class RateWindows implements RateCounter {
  readonly #windows = {
    requests: new LRUCache<string, Window>({ max: maxWindows }),
    failures: new LRUCache<string, Window>({ max: maxWindows }),
  };
  readonly #now: () => number;

  /** @param now The time in ms; only differences count. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  count({ of, name, windowMs, add }: Count): WindowState {
    const windows = this.#windows[of];
    const now = this.#now();
    const found = windows.get(name);
    const isOpen = found !== undefined && found.begunAt + windowMs > now;
    if (!isOpen && !add) return { count: 0, leftMs: 0 };
    const window = isOpen ? found : { begunAt: now, count: 0 };
    if (add) window.count += 1;
    if (!isOpen) windows.set(name, window);
    return { count: window.count, leftMs: window.begunAt + windowMs - now };
  }
}
