/** What `isthmus region watch` prints: NDJSON, a line for each event. */
import type { UntypedRegion } from '@isthmus/core';
import { formsOf, keyIn, stampText } from './region-value.ts';

export interface WatchLinesOptions {
  /** The row, as given; left out: all of them. */
  readonly key: string | undefined;
  /** The most events a second, of each row. */
  readonly maxRate: number;
  readonly signal: AbortSignal;
}

/** @throws IsthmusError HANDLER_FAULT for a value that does not fit the struct, and what watching ends with. */
export async function* watchLines(
  region: UntypedRegion,
  { key, maxRate, signal }: WatchLinesOptions,
): AsyncGenerator<string, undefined, undefined> {
  const forms = formsOf(region);
  for await (const event of region.watch({ key: keyIn(region, key), maxRate, signal })) {
    const { skipped, live } = event;
    yield `${JSON.stringify({ ...stampText(event), skipped, live, value: forms.json(event.bytes) })}\n`;
  }
  return undefined;
}
