import { IsthmusError } from '@isthmus/schema';
import type { RegionAccess } from './access.ts';

/** Where a region's memory comes from: an instance now, and maybe another one later. */
export interface RegionSource {
  /** @throws IsthmusError `NO_INSTANCE`, `UNKNOWN_REGION`, `CLOSED`. */
  access(): RegionAccess;
  /** Whether the owner of what `access` gives is there. */
  readonly isLive: boolean;
  /** Whether there is nothing to access yet, but may be later. */
  readonly isAwaited: boolean;
  /** Whether clients may write, also where there is none yet. */
  readonly isWritable: boolean;
  /** Has `listener` called after any of this has changed, until the function that is returned is called. */
  listen(listener: () => void): () => void;
}

/** What there is to write to. @throws IsthmusError */
export function writableAccess(source: RegionSource): RegionAccess {
  const access = source.access();
  // Nobody would ever read it: the next owner brings other memory.
  if (!source.isLive) throw new IsthmusError('NO_INSTANCE', { detail: 'the owner of the region has gone' });
  return access;
}

/** Told of changes of a source. */
export class Listeners {
  readonly #listeners = new Set<() => void>();

  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
