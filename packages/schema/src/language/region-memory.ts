import type { RegionShape } from '../text/canonical.ts';
import { roundUp } from './layout.ts';

/** The most regions of a service: ISTH_MAX_REGIONS of the C library. */
export const MAX_REGIONS = 256;

/** The most memory of all regions of a service together. */
export const MAX_REGION_BYTES = 2 ** 30;

type Measured = Pick<RegionShape, 'struct' | 'key' | 'rows'>;

/** What is wrong with the regions of a service together, in words. */
export function regionListProblems(regions: readonly Measured[]): string[] {
  const problems: string[] = [];
  if (regions.length > MAX_REGIONS) problems.push(`it has ${regions.length} regions, and ${MAX_REGIONS} is the most`);
  const bytes = regions.reduce((sum, region) => sum + regionBytes(region), 0);
  if (bytes > MAX_REGION_BYTES) {
    problems.push(`its regions take ${bytes} bytes of memory, and ${MAX_REGION_BYTES} is the most; declare fewer rows`);
  }
  return problems;
}

const HEADER_BYTES = 256;
const REGION_ALIGN = 128;
const LINE_BYTES = 64;
const WORD_BYTES = 8;
/** Versions of a row that there is room for. */
const SLOTS = 4;

/** The memory of one region, as c/src/region_memory.c computes it. */
export function regionBytes({ struct, key, rows }: Measured): number {
  const words = (bytes: number): number => roundUp(bytes, WORD_BYTES);
  const buckets = key === undefined ? 0 : 2 ** Math.ceil(Math.log2(2 * rows));
  const rowsAt = roundUp(HEADER_BYTES + buckets * 4, REGION_ALIGN);
  const slotsAt = roundUp(WORD_BYTES + words(key?.size ?? 0), LINE_BYTES);
  const slot = roundUp(2 * WORD_BYTES + words(struct.layout.size), LINE_BYTES);
  return roundUp(rowsAt + rows * (slotsAt + SLOTS * slot), REGION_ALIGN);
}
