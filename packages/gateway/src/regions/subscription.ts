/** One watcher of a region: what it was given so far, and what is new for it. */
import type { Problem } from '../http/problem.ts';
import type { Pace, Paced } from './pace.ts';
import type { Place, Row, RowList } from './row-list.ts';
import type { RowVersion } from './row-version.ts';
import type { Version } from './tag.ts';

/** Where a watcher's events go: a response, or a WebSocket. */
export interface Receiver {
  /** Whether it takes something now. When it does again after it did not, it calls `Subscription.resume`. */
  readonly isReady: boolean;
  /** @param skipped How many versions of the row there were since the last one that it was given. */
  value(version: RowVersion, skipped: number, isLive: boolean): void;
  live(isLive: boolean): void;
  /** What went wrong. `isLast`: nothing comes any more. */
  problem(problem: Problem, isLast: boolean): void;
}

/** What a feed knows, and all its watchers are to learn. */
export interface FeedState {
  readonly rows: RowList;
  readonly isLive: boolean;
  /** Why nothing comes now; undefined: something does. */
  readonly problem: Problem | undefined;
}

export class Subscription implements Paced {
  readonly #state: FeedState;
  readonly #pace: Pace;
  readonly #receiver: Receiver;
  readonly #leave: () => void;
  #place: Place = { row: undefined, change: 0 };
  /** The number of the last change that belongs to this beat: what is newer waits for the next one. */
  #until = 0;
  /** What the receiver was told last. It takes an owner for there, and all for well, until it hears otherwise. */
  #isLive = true;
  #problem: Problem | undefined;
  /** By a row's index: its count of versions when the receiver was last given one, 0 before that. */
  #given = new Float64Array(1);
  #known: Version | undefined;
  #isOver = false;

  /** @param known A version that the receiver has already. */
  constructor(
    state: FeedState,
    pace: Pace,
    receiver: Receiver,
    options: { known: Version | undefined; leave: () => void },
  ) {
    this.#state = state;
    this.#pace = pace;
    this.#receiver = receiver;
    this.#known = options.known;
    this.#leave = options.leave;
    pace.add(this);
  }

  /** Gives the receiver what is new, as long as it takes it: of each row the newest version. */
  beat(): void {
    const { rows, isLive, problem } = this.#state;
    const receiver = this.#receiver;
    if (!receiver.isReady) return;
    if (this.#isLive !== isLive) {
      this.#isLive = isLive;
      receiver.live(isLive);
    }
    if (this.#problem !== problem) {
      this.#problem = problem;
      if (problem !== undefined) receiver.problem(problem, false);
    }
    this.#until = rows.changes;
    this.#giveOn();
  }

  /** To be called when the receiver is ready again: it gets the rest of what it was about to be given at once. */
  resume(): void {
    this.#giveOn();
    const { rows, isLive, problem } = this.#state;
    if (rows.changes > this.#place.change || isLive !== this.#isLive || problem !== this.#problem) this.#pace.wake();
  }

  /** Ends it: the receiver hears no more. Again: nothing. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pace.delete(this);
    this.#leave();
  }

  /** Ends it with a last word. */
  fail(problem: Problem): void {
    this.stop();
    this.#receiver.problem(problem, true);
  }

  #giveOn(): void {
    const { rows } = this.#state;
    let row = rows.after(this.#place);
    for (; row !== undefined && row.change <= this.#until && this.#receiver.isReady; row = row.newer) {
      this.#place = { row, change: row.change };
      this.#give(row, this.#isLive);
    }
  }

  #give({ index, version, versions }: Row, isLive: boolean): void {
    if (index >= this.#given.length) this.#given = grown(this.#given, this.#state.rows.size);
    const before = this.#given[index] ?? 0;
    this.#given[index] = versions;
    if (this.#known !== undefined) {
      if (version.isCoveredBy(this.#known)) return;
      this.#known = undefined;
    }
    this.#receiver.value(version, before === 0 ? 0 : versions - before - 1, isLive);
  }
}

function grown(numbers: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(size, numbers.length * 2));
  larger.set(numbers);
  return larger;
}
