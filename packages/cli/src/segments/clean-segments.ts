/** Removes what processes that died have left, one after the other, and each only if it is still an orphan. */
import type { SegmentInfo } from '@isthmus/core';
import { IsthmusError } from '@isthmus/schema';
import { labelOf, segmentObject } from './describe-segments.ts';

/** The system's side, so that tests can have one of their own. */
export interface SegmentStore {
  /** What there is now. */
  list(): Promise<readonly SegmentInfo[]>;
  /** @throws IsthmusError */
  remove(segment: SegmentInfo): Promise<void>;
}

export type Removal =
  | { readonly segment: SegmentInfo; readonly outcome: 'removed' }
  /** Somebody uses it again, or has removed it already: it was left alone. */
  | { readonly segment: SegmentInfo; readonly outcome: 'kept'; readonly reason: string }
  | { readonly segment: SegmentInfo; readonly outcome: 'failed'; readonly error: IsthmusError };

/** Never touches what is not known to be an orphan at that moment. Ends early when `signal` aborts. */
export async function* cleanSegments(
  orphans: readonly SegmentInfo[],
  store: SegmentStore,
  signal: AbortSignal,
): AsyncGenerator<Removal, undefined, undefined> {
  for (const segment of orphans) {
    signal.throwIfAborted();
    yield await removeOne(segment, store);
  }
  return undefined;
}

async function removeOne(segment: SegmentInfo, store: SegmentStore): Promise<Removal> {
  const now = (await store.list()).find((candidate) => isSame(candidate, segment));
  if (now === undefined) return { segment, outcome: 'kept', reason: 'it is no longer there' };
  if (!now.orphan) return { segment, outcome: 'kept', reason: 'it is no longer an orphan' };
  try {
    await store.remove(now);
    return { segment, outcome: 'removed' };
  } catch (error) {
    if (!(error instanceof IsthmusError)) throw error;
    return { segment, outcome: 'failed', error };
  }
}

/** One line: what became of one. */
export function describeRemoval(removal: Removal): string {
  const label = labelOf(removal.segment);
  switch (removal.outcome) {
    case 'removed':
      return `removed ${label}`;
    case 'kept':
      return `kept ${label}: ${removal.reason}`;
    case 'failed':
      return `could not remove ${label}: ${removal.error.code}: ${removal.error.message}`;
  }
}

/** The same as an object, for --json. */
export function removalObject(removal: Removal): object {
  const { segment, outcome } = removal;
  const reason = removal.outcome === 'kept' ? removal.reason : undefined;
  const code = removal.outcome === 'failed' ? removal.error.code : undefined;
  return { outcome, reason, code, segment: segmentObject(segment) };
}

/** Another one under the same name is not the same: it has not been listed, let alone been agreed to. */
function isSame(one: SegmentInfo, other: SegmentInfo): boolean {
  const identity = ({ kind, name, key, id, owner, mode, bytes, creatorPid }: SegmentInfo) =>
    JSON.stringify([kind, name, key, id, owner.uid, mode, bytes, creatorPid]);
  return identity(one) === identity(other);
}
