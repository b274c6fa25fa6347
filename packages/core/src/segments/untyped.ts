import { IsthmusError, type Struct } from '@isthmus/schema';
import type { RowImage, Stamp, UntypedRegion, WatchOptions, WriteOptions } from '../regions/types.ts';
import { watchSettings } from '../regions/watch-options.ts';
import { type PolledImage, pollSegment } from './poll.ts';
import type { Segment } from './segment.ts';
import { Stoppable } from './stoppable.ts';
import { requireSize, updateSegment } from './update.ts';

/** A segment as a region of one row. */
export class UntypedSegment implements UntypedRegion {
  readonly struct: Struct;
  readonly key = undefined;
  readonly #segment: Segment;

  constructor(struct: Struct, segment: Segment) {
    this.struct = struct;
    this.#segment = segment;
  }

  get isWritable(): boolean {
    return this.#segment.settings.writable;
  }

  get isLive(): boolean {
    return this.#segment.isLive;
  }

  async read(key?: unknown): Promise<RowImage> {
    refuseKey(key);
    return await this.#segment.read();
  }

  async rows(): Promise<RowImage[]> {
    return [await this.#segment.read()];
  }

  async write(bytes: Uint8Array, { expected }: WriteOptions = {}): Promise<Stamp> {
    requireSize(bytes, this.#segment.bytes);
    return await this.#segment.write(0, bytes, expected);
  }

  async update(key: unknown, change: (bytes: Uint8Array) => Uint8Array, options: WriteOptions = {}): Promise<Stamp> {
    refuseKey(key);
    if (!this.isWritable) throw new IsthmusError('REGION_READ_ONLY');
    return await updateSegment(this.#segment, this.struct, change, options);
  }

  watch({ key, ...options }: WatchOptions & { readonly key?: unknown } = {}): Stoppable<PolledImage> {
    refuseKey(key);
    const settings = watchSettings(options);
    return new Stoppable((stop) => pollSegment(this.#segment, settings, stop));
  }
}

function refuseKey(key: unknown): void {
  if (key === undefined) return;
  throw new IsthmusError('INVALID_ARGUMENT', { detail: 'a segment is one row, and has no key' });
}
