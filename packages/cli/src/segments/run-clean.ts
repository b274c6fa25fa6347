/** `isthmus segments --clean`: lists the orphans, asks, removes them, and says what became of each. */
import { cleanSegments, describeRemoval, type Removal, removalObject, type SegmentStore } from './clean-segments.ts';
import { describeSegments } from './describe-segments.ts';

export interface CleanOptions {
  readonly store: SegmentStore;
  /** Whether so many are to be removed. Asked once they have been shown, and not for none. */
  readonly confirm: (count: number) => Promise<boolean>;
  /** The outcome as one JSON document. */
  readonly json: boolean;
  /** Takes the outcome. */
  readonly answer: (text: string) => Promise<unknown>;
  /** Takes what people are to see beside it. */
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Returns true when one could not be removed. */
export async function runClean({ store, confirm, json, answer, tell, signal }: CleanOptions): Promise<boolean> {
  const orphans = (await store.list()).filter(({ orphan }) => orphan);
  if (orphans.length > 0) await (json ? tell : answer)(describeSegments(orphans));
  const isAgreed = orphans.length > 0 && (await confirm(orphans.length));
  const removals: Removal[] = [];
  for await (const removal of cleanSegments(isAgreed ? orphans : [], store, signal)) {
    removals.push(removal);
    if (removal.outcome === 'failed') tell(`${describeRemoval(removal)}\n`);
    else if (!json) await answer(`${describeRemoval(removal)}\n`);
  }
  if (json) await answer(`${JSON.stringify({ removals: removals.map(removalObject) }, null, 2)}\n`);
  else if (orphans.length === 0) await answer('there is no orphan\n');
  else if (!isAgreed) await answer('nothing was removed\n');
  return removals.some(({ outcome }) => outcome === 'failed');
}
