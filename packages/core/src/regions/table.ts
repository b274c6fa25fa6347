import type { RegionAccess, Values } from './access.ts';
import { allRows, watchTable } from './rows.ts';
import { writableAccess } from './source.ts';
import { SourcedRegion } from './sourced.ts';
import type { RegionEvent, Snapshot, Stamp, Table, WatchOptions, WriteOptions } from './types.ts';

/** A region with a key, of whatever struct: the types that the schema gives it are its user's. */
export class ManyRows extends SourcedRegion implements Table<Values, Values, unknown> {
  read(key: unknown): Snapshot<Values> {
    return this.#selected(key).snapshot();
  }

  readInto(key: unknown, target: Uint8Array): Stamp {
    return this.#selected(key).readInto(target);
  }

  get(key: unknown, field: string): unknown {
    return this.#selected(key).get(field);
  }

  rows(): Snapshot<Values>[] {
    return allRows(this.source.access(), (access) => access.snapshot());
  }

  watch(
    options?: WatchOptions & { readonly key?: unknown },
  ): AsyncGenerator<RegionEvent<Values>, undefined, undefined> {
    return watchTable(this.source, options, options?.key, (access) => access.snapshot());
  }

  set(key: unknown, field: string, value: unknown, options?: WriteOptions): Stamp {
    return writableAccess(this.source).set(key, field, value, options?.expected);
  }

  #selected(key: unknown): RegionAccess {
    const access = this.source.access();
    access.select(key);
    return access;
  }
}
