import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, IsthmusError } from '@isthmus/schema';
import { errorOf } from '../errors.ts';
import type { RowImage, Stamp } from '../regions/types.ts';
import type { WatchSettings } from '../regions/watch-options.ts';
import type { Segment } from './segment.ts';

/** What cannot be read is not looked for more often than this, in ms: each time costs a thread. */
const missingMs = 100;

/** What a watch gives, in bytes. */
export type PolledImage = RowImage & { readonly skipped: number; readonly live: boolean };

/**
 * Looks at a segment now and then, and gives what is new. Where it cannot be read for now (nobody has made it yet, or filled it
 * again, its guard is held too long), the last value is given once more, as not live, and the looking goes on.
 *
 * @throws IsthmusError `CANCELLED` when the caller's signal is aborted, `CLOSED`, and what will not go away by itself.
 */
export async function* pollSegment(
  segment: Segment,
  { signal, after, ...settings }: WatchSettings,
  stop: AbortSignal,
): AsyncGenerator<PolledImage, undefined, undefined> {
  // Longer than a timer can be is as good as never.
  const intervalMs = Math.min(Math.max(segment.settings.watchIntervalMs, settings.intervalMs), 2 ** 31 - 1);
  const ends = AbortSignal.any([stop, segment.closed, ...(signal === undefined ? [] : [signal])]);
  let known: Pick<Stamp, 'epoch' | 'version'> | undefined = after;
  let last: RowImage | undefined;
  let wasLive: boolean | undefined;
  for (;;) {
    if (signal?.aborted) throw new IsthmusError('CANCELLED', { cause: signal.reason });
    const lookedMs = performance.now();
    const found = await look(segment, last !== undefined, ends);
    if (stop.aborted) return undefined;
    if (ends.aborted) continue;
    const live = found !== undefined;
    const image = found ?? last;
    if (image !== undefined) {
      const isNew = !isSame(image, known);
      if (isNew || (wasLive !== undefined && wasLive !== live)) {
        yield { ...image, skipped: isNew ? skippedBetween(segment, known, image) : 0, live };
      }
      known = image;
      last = image;
    }
    wasLive = live;
    // A value that waits for the next look keeps the process alive, as any promise of a reply does. Aborted: see the top.
    const dueMs = lookedMs + (live ? intervalMs : Math.max(intervalMs, missingMs));
    await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal: ends }).catch(() => undefined);
    if (stop.aborted) return undefined;
  }
}

/** What a segment may be that its program has just made, and still has to fill or to give its mode. */
const unfinished: ReadonlySet<ErrorCode> = new Set(['SEGMENT_TOO_SMALL', 'SEGMENT_MISMATCH', 'PERMISSION_DENIED']);

/**
 * Undefined where there is nothing to be read for now, and once `ends` is aborted: a guard that is held is not waited for then.
 *
 * @param wasSeen Whether there was a value before: what does not fit is then taken for the beginning of another segment.
 */
async function look(segment: Segment, wasSeen: boolean, ends: AbortSignal): Promise<RowImage | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const onAbort = (): void => aborted.resolve(undefined);
  ends.addEventListener('abort', onAbort);
  try {
    return await Promise.race([segment.read(), aborted.promise]);
  } catch (cause) {
    const error = errorOf(cause);
    if (wasSeen && unfinished.has(error.code)) return undefined;
    if (error.retryable === 'always' && error.code !== 'CLOSED') return undefined;
    throw error;
  } finally {
    ends.removeEventListener('abort', onAbort);
  }
}

/** The counter of a seqlock goes up by one version with each write; other versions are no numbers to count with. */
function skippedBetween(
  { settings }: Segment,
  known: Pick<Stamp, 'epoch' | 'version'> | undefined,
  { epoch, version }: Stamp,
): number {
  if (settings.guard?.seqlock === undefined || known === undefined || known.epoch !== epoch) return 0;
  return version > known.version ? Number(version - known.version) - 1 : 0;
}

function isSame({ epoch, version }: Stamp, known: Pick<Stamp, 'epoch' | 'version'> | undefined): boolean {
  return known !== undefined && known.epoch === epoch && known.version === version;
}
