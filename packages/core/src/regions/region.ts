import type { RegionAccess, Values } from './access.ts';
import { writableAccess } from './source.ts';
import { SourcedRegion } from './sourced.ts';
import type { Region, RegionEvent, Snapshot, Stamp, WatchOptions, WriteOptions } from './types.ts';
import { watchRows } from './watch.ts';

/** A region of one row, of whatever struct: the types that the schema gives it are its user's. */
export class OneRow extends SourcedRegion implements Region<Values, Values> {
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
    return watchRows(this.source, options, { key: undefined, read: (access) => access.snapshot() });
  }

  set(field: string, value: unknown, options?: WriteOptions): Stamp {
    return writableAccess(this.source).set(undefined, field, value, options?.expected);
  }

  #selected(): RegionAccess {
    const access = this.source.access();
    access.memory.select(0);
    return access;
  }
}
