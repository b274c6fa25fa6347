import type { ServiceRegion } from '@isthmus/schema';
import type { RegionAccess, Values } from './access.ts';
import { type RegionSource, writableAccess } from './source.ts';
import type { Region, RegionEvent, Snapshot, Stamp, UntypedRegion, WatchOptions, WriteOptions } from './types.ts';
import { untypedRegion } from './untyped.ts';
import { watchRows } from './watch.ts';

/** A region of one row, of whatever struct: the types that the schema gives it are its user's. */
export class OneRow implements Region<Values, Values> {
  readonly untyped: UntypedRegion;
  readonly #source: RegionSource;

  constructor(region: ServiceRegion, source: RegionSource) {
    this.#source = source;
    this.untyped = untypedRegion(region, source);
  }

  get isWritable(): boolean {
    return this.#source.isWritable;
  }

  get isLive(): boolean {
    return this.#source.isLive;
  }

  read(): Snapshot<Values> {
    return this.#selected().snapshot();
  }

  readInto(target: Uint8Array): Stamp {
    return this.#selected().readInto(target);
  }

  get(field: string): unknown {
    return this.#selected().get(field);
  }

  watch(options?: WatchOptions): AsyncGenerator<RegionEvent<Values>, undefined, undefined> {
    return watchRows(this.#source, options, { key: undefined, read: (access) => access.snapshot() });
  }

  write(value: Values, options?: WriteOptions): Stamp {
    return writableAccess(this.#source).write(value, options?.expected);
  }

  set(field: string, value: unknown, options?: WriteOptions): Stamp {
    return writableAccess(this.#source).set(undefined, field, value, options?.expected);
  }

  #selected(): RegionAccess {
    const access = this.#source.access();
    access.memory.select(0);
    return access;
  }
}
