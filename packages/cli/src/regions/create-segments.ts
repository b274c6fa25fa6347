/** Makes the segments that the configuration wants made, for as long as a bridge runs. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CreateOptions,
  createSegment,
  listSegments,
  type RemovableSource,
  removeSegmentSync,
} from '@isthmus/core';
import type { RegionSettings, SupervisorLog } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';

/**
 * Makes the segment of a region if `create` asks for it and there is none. Returns what removes it again, if it was made here.
 *
 * @throws IsthmusError what creating throws, other than SEGMENT_EXISTS.
 */
export async function createMissing(region: RegionSettings, log: SupervisorLog): Promise<() => void> {
  const options = creationOf(region);
  if (options === undefined) return () => {};
  const { name } = region;
  try {
    await createSegment(options);
  } catch (error) {
    if (!hasCode(error, 'SEGMENT_EXISTS')) throw error;
    log.info({ region: name }, 'its segment is there already');
    return () => {};
  }
  log.info({ region: name }, 'segment created');
  const remove = await removerOf(options);
  // For a second Ctrl-C, which ends the process without coming back here.
  process.once('exit', remove);
  return () => {
    process.off('exit', remove);
    remove();
  };
}

/** What removes the segment that was just made, and none that somebody has put in its place. */
async function removerOf(options: CreateOptions): Promise<() => void> {
  if ('systemV' in options) {
    const key = options.systemV.key >>> 0;
    const made = (await listSegments()).find((one) => one.key === key && one.creatorPid === process.pid);
    return () => {
      if (made !== undefined) removeIfThere(made.source);
    };
  }
  const path = 'posix' in options ? join('/dev/shm', options.posix) : options.file;
  const made = identityOf(path);
  return () => {
    if (identityOf(path) === made) removeIfThere(options);
  };
}

/** Undefined: there is no such file. */
function identityOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status === undefined ? undefined : `${status.dev} ${status.ino}`;
}

function removeIfThere(source: RemovableSource): void {
  try {
    removeSegmentSync(source);
  } catch (error) {
    // Somebody else has removed it.
    if (!hasCode(error, 'SEGMENT_MISSING')) throw error;
  }
}

/** How it is to be made; undefined: not at all. Zeros, large enough for what the region says of it. */
export function creationOf({ struct, options, create }: RegionSettings): CreateOptions | undefined {
  if (create === undefined) return undefined;
  const { offset, guard, systemV, posix, file } = options;
  const counter = guard?.seqlock;
  const bytes = Math.max(offset + struct.layout.size, counter === undefined ? 0 : counter.offset + counter.bytes);
  if (systemV?.key !== undefined) return { systemV: { key: systemV.key }, bytes, ...create };
  if (posix !== undefined) return { posix, bytes, ...create };
  if (file !== undefined) return { file, bytes, ...create };
  throw new IsthmusError('INVALID_ARGUMENT', { detail: 'only a segment with a key or a name can be created' });
}

function hasCode(error: unknown, code: IsthmusError['code']): boolean {
  return error instanceof IsthmusError && error.code === code;
}
