/** The recorded counts: c/bench/counts.json. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../generated.ts';
import type { Counts } from './compare.ts';

export interface CountsRecord {
  /** What they were counted with: see toolchain.ts. With another one they say nothing. */
  readonly toolchain: string;
  readonly counts: Counts;
}

const path = join(repository, 'c/bench/counts.json');

/** Undefined where nothing was recorded yet. Throws for a file that is no record. */
export function readRecord(file: string = path): CountsRecord | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error(`${file} is no record of counts: remove it, and record anew with --update`);
  return value;
}

export function writeRecord(record: CountsRecord, file: string = path): void {
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
}

function isRecord(value: unknown): value is CountsRecord {
  if (typeof value !== 'object' || value === null || !('toolchain' in value) || !('counts' in value)) return false;
  const { toolchain, counts } = value;
  return (
    typeof toolchain === 'string' &&
    typeof counts === 'object' &&
    counts !== null &&
    Object.values(counts).every((count) => typeof count === 'number' && count > 0)
  );
}
