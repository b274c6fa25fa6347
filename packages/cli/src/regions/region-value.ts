/** What commands say of a version and of a key, as text and in JSON. */
import type { Stamp, UntypedRegion } from '@isthmus/core';
import { RowForms, tagOf, timeText } from '@isthmus/gateway';
import { UsageError } from '../exit-codes.ts';

/** What is said of a version beside its value. */
export interface StampText {
  /** The version: what `--expected` takes, and what HTTP calls the ETag. */
  readonly tag: string;
  /** When it was written, as a timestamp's JSON form. */
  readonly time: string;
}

export function stampText(stamp: Stamp): StampText {
  return { tag: tagOf(stamp), time: timeText(stamp.time) };
}

export function formsOf({ struct, key }: UntypedRegion): RowForms {
  return new RowForms(struct, key);
}

/**
 * The key of a row, as it is given on the command line, in its JSON form; undefined where none was given.
 *
 * @throws IsthmusError INVALID_ARGUMENT for one that no row can have.
 */
export function keyIn(region: UntypedRegion, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (region.key === undefined) throw new UsageError(`the region has no key, and so no row ${text}`);
  return formsOf(region).keyFromText(text);
}
