import type { ServiceRegion } from '@isthmus/schema';
import type { Values } from './access.ts';
import { type RegionSource, writableAccess } from './source.ts';
import type { Stamp, UntypedRegion, WriteOptions } from './types.ts';
import { untypedRegion } from './untyped.ts';

/** What a region has whether or not it has a key. */
export abstract class SourcedRegion {
  readonly untyped: UntypedRegion;
  readonly #source: RegionSource;

  constructor(region: ServiceRegion, source: RegionSource) {
    this.#source = source;
    this.untyped = untypedRegion(region, source);
  }

  /** A getter, so that what prints a region does not print all that is behind it. */
  protected get source(): RegionSource {
    return this.#source;
  }

  get isWritable(): boolean {
    return this.#source.isWritable;
  }

  get isLive(): boolean {
    return this.#source.isLive;
  }

  write(value: Values, options?: WriteOptions): Stamp {
    return writableAccess(this.#source).write(value, options?.expected);
  }
}
