/** What `isthmus region ls` says of each region. */
import type { RowImage, UntypedRegion } from '@isthmus/core';
import { IsthmusError } from '@isthmus/schema';
import type { RegionGroup, RegionPlace } from './find-regions.ts';
import { stampText } from './region-value.ts';

export interface ListedRegion {
  readonly name: string;
  readonly struct: string;
  /** The name of the key field; null: one row. */
  readonly key: string | null;
  /** How many there are, and can be; null where that is not known. */
  readonly rows: number | null;
  readonly maxRows: number;
  readonly writable: boolean | null;
  /** Of the row that was written last; null where nothing was. */
  readonly tag: string | null;
  readonly time: string | null;
  /** Since then, in ms; null for what is attached, which does not say when it was written. */
  readonly ageMs: number | null;
  readonly live: boolean;
  /** Why there is nothing to say about it, or nothing to read: the code of an error. */
  readonly problem: string | null;
}

/** In the order of the groups. One that cannot be opened is listed with its problem. */
export async function listRegions(
  groups: readonly RegionGroup[],
  signal: AbortSignal,
): Promise<readonly ListedRegion[]> {
  // At the same time: one that does not answer is not waited for by the others.
  return (await Promise.all(groups.map((group) => listGroup(group, signal)))).flat();
}

async function listGroup({ places, open }: RegionGroup, signal: AbortSignal): Promise<readonly ListedRegion[]> {
  if (places.length === 0) return [];
  try {
    await using regions = await open(signal);
    return await Promise.all(places.map((place) => describe(place, regions.of(place))));
  } catch (error) {
    signal.throwIfAborted();
    const unreachable = { rows: null, writable: null, ...unwritten, live: false, problem: codeOf(error) };
    return places.map((place) => ({ ...outlineOf(place), ...unreachable }));
  }
}

const unwritten = { tag: null, time: null, ageMs: null };

function outlineOf({ name, struct, key, maxRows }: RegionPlace) {
  return { name, struct: struct.name, key: key ?? null, maxRows };
}

async function describe(place: RegionPlace, region: UntypedRegion): Promise<ListedRegion> {
  const { isWritable: writable, isLive: live } = region;
  const outline = { ...outlineOf(place), writable, live };
  try {
    const images = await region.rows();
    const last = images.reduce<RowImage | undefined>(later, undefined);
    if (last === undefined) return { ...outline, rows: 0, ...unwritten, problem: null };
    const ageMs = place.isAttached ? null : Math.max(0, Date.now() - Number(last.time / 1_000_000n));
    return { ...outline, rows: images.length, ...stampText(last), ageMs, problem: null };
  } catch (error) {
    return { ...outline, rows: null, ...unwritten, problem: codeOf(error) };
  }
}

function later(one: RowImage | undefined, other: RowImage): RowImage {
  return one !== undefined && one.time >= other.time ? one : other;
}

function codeOf(error: unknown): string {
  if (error instanceof IsthmusError) return error.code;
  throw error;
}
