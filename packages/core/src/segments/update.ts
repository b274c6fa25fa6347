import { IsthmusError, type Struct } from '@isthmus/schema';
import type { RowImage, Stamp, WriteOptions } from '../regions/types.ts';
import { changedParts, type Part } from './changed-parts.ts';
import type { Segment } from './segment.ts';

/** How often a change is made anew because somebody else wrote meanwhile. */
const maxAttempts = 100;

/**
 * Makes new bytes of those that there are. Under a guard what was written in between is found by its version, and the change made
 * anew. Without one, only the fields that change are written, each in one piece. What `change` leaves as it is, and what is no
 * field, is not touched.
 */
export async function updateSegment(
  segment: Segment,
  type: Struct,
  change: (bytes: Uint8Array) => Uint8Array,
  { expected }: WriteOptions,
): Promise<Stamp> {
  const isGuarded = segment.settings.guard !== undefined;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const before = await segment.read();
    if (expected !== undefined) requireExpected(segment, before, expected);
    const after = change(new Uint8Array(before.bytes));
    requireSize(after, segment.bytes);
    const parts = changedParts(type, before.bytes, after);
    if (parts.length === 0) return { epoch: before.epoch, version: before.version, time: before.time };
    if (!isGuarded) return writeEach(segment, parts, after);
    try {
      return await writeTogether(segment, parts, before, after);
    } catch (error) {
      // What the caller expects, and no longer is there, will not come back.
      const isBeaten = error instanceof IsthmusError && error.code === 'REGION_CONFLICT';
      if (!isBeaten || expected !== undefined) throw error;
    }
  }
  throw new IsthmusError('REGION_BUSY', {
    detail: `${maxAttempts} times somebody else wrote before a change was made`,
  });
}

export function requireSize(bytes: Uint8Array, size: number): void {
  if (bytes.length === size) return;
  throw new IsthmusError('INVALID_ARGUMENT', { detail: `the struct has ${size} bytes, not ${bytes.length}` });
}

function requireExpected(
  { settings }: Segment,
  { epoch, version }: RowImage,
  expected: NonNullable<WriteOptions['expected']>,
): void {
  if (settings.guard === undefined) {
    throw new IsthmusError('INVALID_ARGUMENT', { detail: 'without a guard no version can be expected: name a guard' });
  }
  if (expected === 'none') throw new IsthmusError('REGION_CONFLICT', { detail: 'a segment always has a value' });
  if (expected.epoch !== epoch || expected.version !== version) throw new IsthmusError('REGION_CONFLICT');
}

/** All that changes, and what lies between. */
function writeTogether(segment: Segment, parts: readonly Part[], before: RowImage, after: Uint8Array): Promise<Stamp> {
  const bytes = before.bytes.slice();
  for (const { offset, size } of parts) bytes.set(after.subarray(offset, offset + size), offset);
  const begin = Math.min(...parts.map(({ offset }) => offset));
  const end = Math.max(...parts.map(({ offset, size }) => offset + size));
  return segment.write(begin, bytes.subarray(begin, end), before);
}

async function writeEach(segment: Segment, parts: readonly Part[], after: Uint8Array): Promise<Stamp> {
  for (const part of parts) requireOnePiece(segment, part);
  let stamp: Stamp | undefined;
  for (const { offset, size } of parts) {
    stamp = await segment.write(offset, after.subarray(offset, offset + size), undefined);
  }
  if (stamp === undefined) throw new IsthmusError('INTERNAL', { detail: 'nothing was to be written' });
  return stamp;
}

/** @throws IsthmusError `INVALID_ARGUMENT` where a part cannot be written in one piece without a guard. */
export function requireOnePiece({ settings }: Segment, { offset, size, path }: Part): void {
  const isOnePiece = [1, 2, 4, 8].includes(size) && (settings.offset + offset) % size === 0;
  if (settings.guard !== undefined || isOnePiece) return;
  throw new IsthmusError('INVALID_ARGUMENT', {
    detail: `${path} is not 1, 2, 4 or 8 aligned bytes, so without a guard others may see half of it: name a guard`,
  });
}
