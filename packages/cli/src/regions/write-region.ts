/** What `isthmus region set` writes: a whole value, or a change of the one that is there. */
import type { Expected, Stamp, UntypedRegion } from '@isthmus/core';
import { type RowForms, versionOfTag } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import { UsageError } from '../exit-codes.ts';
import { formsOf, keyIn } from './region-value.ts';

export interface RegionWrite {
  /** The row, as given; in a table a whole value may say it itself. */
  readonly key: string | undefined;
  /** JSON form of the value, or of the change: a merge patch (RFC 7396). */
  readonly json: unknown;
  readonly isPatch: boolean;
  /** The tag of the version that must be there, or `none`; left out: whatever is. */
  readonly expected: string | undefined;
}

/** @throws IsthmusError REGION_READ_ONLY, REGION_CONFLICT, INVALID_INPUT, UNKNOWN_ROW and what else writing fails with. */
export async function writeRegion(region: UntypedRegion, write: RegionWrite): Promise<Stamp> {
  const forms = formsOf(region);
  const key = keyIn(region, write.key);
  const options = { expected: expectation(write.expected) };
  if (write.isPatch && region.key !== undefined && key === undefined) {
    throw new UsageError('--patch in a table needs the key of a row');
  }
  // Who may not write need not be told what is wrong with the value.
  if (!region.isWritable) throw new IsthmusError('REGION_READ_ONLY');
  if (!write.isPatch) return region.write(wholeValue(region, forms, key, write.json), options);
  return region.update(key, (bytes) => forms.patched(bytes, write.json), options);
}

function expectation(text: string | undefined): Expected | undefined {
  if (text === undefined || text === 'none') return text;
  const version = versionOfTag(text);
  if (version === undefined) throw new UsageError(`${text} is not a tag: isthmus region get --stamp prints them`);
  return version;
}

/** The bytes of a whole value. In a row that was named it may leave out the key, and must not contradict it. */
function wholeValue({ key: field }: UntypedRegion, forms: RowForms, key: unknown, value: unknown): Uint8Array {
  if (field === undefined || key === undefined || !isObject(value)) return forms.fromJson(value);
  const bytes = forms.fromJson({ [field]: key, ...value });
  forms.requireKey(bytes, key);
  return bytes;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
