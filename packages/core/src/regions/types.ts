import type { Struct } from '@isthmus/schema';

/** What is known of a value beside the value. */
export interface Stamp {
  /** A random number that the owner chose: versions can be compared where this is equal. Of a segment: which one it is. */
  readonly epoch: bigint;
  /** Of the row: 1 for what was written first. Of a segment: equal for equal bytes. */
  readonly version: bigint;
  /** When it was written, in ns since 1970-01-01T00:00:00Z. Of a segment, which does not say: when it was read. */
  readonly time: bigint;
}

/** One version of a value. Its own copy: nothing changes it. */
export interface Snapshot<T> extends Stamp {
  readonly value: T;
}

/** What `watch` gives. */
export interface RegionEvent<T> extends Snapshot<T> {
  /** How many versions there were since the last event of this row that nobody was given, because they came too fast. */
  readonly skipped: number;
  /** Whether the owner is there. An event of its own, with the same version, tells when that changes. */
  readonly live: boolean;
}

/** What a write may depend on: a version that was read before, or that there is none. */
export type Expected = Pick<Stamp, 'epoch' | 'version'> | 'none';

export interface WriteOptions {
  /** Left out: whatever there is. REGION_CONFLICT otherwise. */
  readonly expected?: Expected | undefined;
}

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * The most events a second, above 0 up to 1,000; of a table: for each row. Newer versions replace older ones meanwhile. Changes are
   * looked for as often, but ten times a second at least: so much later a row can be told of that seldom changes. Default: 1,000.
   */
  readonly maxRate?: number | undefined;
  /** A version that is known already: the first event is the first newer one. Of a table: only with a key. Default: the one that there is comes first. */
  readonly after?: Pick<Stamp, 'epoch' | 'version'> | undefined;
}

type FieldName<T> = keyof T & string;

/** A region of one row of a connected service. Reading never waits. All of it fails with an IsthmusError and nothing else. */
export interface Region<Value, Input> {
  /** @throws IsthmusError `NO_INSTANCE`, `REGION_EMPTY`, `REGION_BUSY`, `HANDLER_FAULT` (what was written does not fit the schema). */
  read(): Snapshot<Value>;
  /** Copies the bytes of the struct, as C has it, into the beginning of `target`, which is at least as large. */
  readInto(target: Uint8Array): Stamp;
  /** One field of the latest value. */
  get<K extends FieldName<Value>>(field: K): Value[K];
  /** The latest value, then each newer one: as fast as they are taken, and never an older one. Goes on when the owner comes back. */
  watch(options?: WatchOptions): AsyncGenerator<RegionEvent<Value>, undefined, undefined>;
  /**
   * The following need `writers: 'many'`, or to be the owner: REGION_READ_ONLY. With several writers they wait while another process
   * writes, at most 100 ms, and hold up the event loop meanwhile: `untyped` does not.
   *
   * @throws IsthmusError `INVALID_INPUT`, `REGION_CONFLICT`, `LOCK_TIMEOUT`; `NO_INSTANCE` also where the owner has gone.
   */
  write(value: Input, options?: WriteOptions): Stamp;
  /** Replaces one field of the latest value; no write in between is lost. */
  set<K extends FieldName<Input>>(field: K, value: Input[K], options?: WriteOptions): Stamp;
  readonly isWritable: boolean;
  /** Whether the owner is there. What it last wrote can be read in any case. */
  readonly isLive: boolean;
  /** The same without types, in bytes: what the gateway and the command use. */
  readonly untyped: UntypedRegion;
}

/** A region with a key: the same for each row. A row is there once it was written: UNKNOWN_ROW before. */
export interface Table<Value, Input, Key> {
  read(key: Key): Snapshot<Value>;
  readInto(key: Key, target: Uint8Array): Stamp;
  get<K extends FieldName<Value>>(key: Key, field: K): Value[K];
  /** Every row, each its latest value, in the order in which they were added. */
  rows(): Snapshot<Value>[];
  /** Of one row, or of all of them. */
  watch(
    options?: WatchOptions & { readonly key?: Key | undefined },
  ): AsyncGenerator<RegionEvent<Value>, undefined, undefined>;
  /** To the row that has the value's key, or a new one: REGION_FULL where there is no room for it. */
  write(value: Input, options?: WriteOptions): Stamp;
  /** The key field itself cannot be set. */
  set<K extends FieldName<Input>>(key: Key, field: K, value: Input[K], options?: WriteOptions): Stamp;
  readonly isWritable: boolean;
  readonly isLive: boolean;
  readonly untyped: UntypedRegion;
}

/** A value in memory that another program guards, or a file, or a segment: waiting for its guard takes time, so all of it is async. */
export interface AttachedRegion<Value, Input> extends AsyncDisposable {
  read(): Promise<Snapshot<Value>>;
  readInto(target: Uint8Array): Promise<Stamp>;
  get<K extends FieldName<Value>>(field: K): Promise<Value[K]>;
  /** Looks every `watchIntervalMs` whether there is something new. */
  watch(options?: WatchOptions): AsyncGenerator<RegionEvent<Value>, undefined, undefined>;
  write(value: Input, options?: WriteOptions): Promise<Stamp>;
  set<K extends FieldName<Input>>(field: K, value: Input[K], options?: WriteOptions): Promise<Stamp>;
  readonly isWritable: boolean;
  readonly isLive: boolean;
  readonly untyped: UntypedRegion;
  detach(): Promise<void>;
}

/** The bytes of a row's struct, as our schema lays it out, and what is known of them. */
export interface RowImage extends Stamp {
  readonly bytes: Uint8Array;
}

/** Any region, whatever its schema and its memory. Values are the bytes of the struct: `codecOf(struct)` makes them readable. */
export interface UntypedRegion {
  readonly struct: Struct;
  /** The name of the key field; undefined: one row. */
  readonly key: string | undefined;
  readonly isWritable: boolean;
  readonly isLive: boolean;
  /** @param key The key field's value, in its JSON form; undefined where there is one row. */
  read(key?: unknown): Promise<RowImage>;
  /** All rows; without a key, the one, or none while nothing was written. */
  rows(): Promise<RowImage[]>;
  /**
   * In a table the bytes say the row. While another process writes it is tried again, for at most 100 ms, and does not hold up the event
   * loop; so does `update`.
   *
   * @throws IsthmusError What the typed `write` does.
   */
  write(bytes: Uint8Array, options?: WriteOptions): Promise<Stamp>;
  /**
   * Reads, lets `change` make new bytes of the old ones, and writes them, so that nothing that was written in between is lost. `change` may be
   * called several times, and must not wait. Of memory without a guard only fields of 1, 2, 4 or 8 aligned bytes can be changed: INVALID_ARGUMENT.
   */
  update(key: unknown, change: (bytes: Uint8Array) => Uint8Array, options?: WriteOptions): Promise<Stamp>;
  watch(
    options?: WatchOptions & { readonly key?: unknown },
  ): AsyncGenerator<RowImage & { readonly skipped: number; readonly live: boolean }, undefined, undefined>;
}
