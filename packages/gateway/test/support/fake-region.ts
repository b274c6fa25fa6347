/** A region without memory behind it. What it stands for, regions and attached segments of @isthmus/core, is tested where packages meet. */
import type { Expected, RowImage, Stamp, UntypedRegion, WatchOptions, WriteOptions } from '@isthmus/core';
import { IsthmusError, type Struct } from '@isthmus/schema';
import { RowForms } from '../../src/index.ts';

type Event = RowImage & { readonly skipped: number; readonly live: boolean };

export interface FakeRegionOptions {
  readonly key?: string;
  readonly isWritable?: boolean;
  /** The most rows. Default: 4. */
  readonly rows?: number;
  /** Whether versions are digests of the bytes, as those of segments are. */
  readonly isAttached?: boolean;
}

export class FakeRegion implements UntypedRegion {
  readonly struct: Struct;
  readonly key: string | undefined;
  readonly isWritable: boolean;
  isLive = true;
  epoch = 0x1f00dn;
  /** What every operation fails with, until it is undefined again. */
  failure: IsthmusError | undefined;
  /** Called between the read and the write of an update. */
  onUpdate: (() => void) | undefined;
  /** The options of each watch so far. */
  readonly watches: (WatchOptions & { readonly key?: unknown })[] = [];
  /** How many of them go on. */
  watching = 0;
  readonly #forms: RowForms;
  readonly #rows = new Map<unknown, RowImage>();
  readonly #options: FakeRegionOptions;
  readonly #listeners = new Set<(row: RowImage | undefined) => void>();
  #clock = 1_767_225_600_000_000_000n;

  constructor(struct: Struct, options: FakeRegionOptions = {}) {
    this.struct = struct;
    this.key = options.key;
    this.isWritable = options.isWritable ?? false;
    this.#options = options;
    this.#forms = new RowForms(struct, options.key);
  }

  /** Writes a value in JSON form, as the owner does. */
  set(value: unknown): Stamp {
    return this.setBytes(this.#forms.fromJson(value));
  }

  /** The same of bytes, which need not be a value. */
  setBytes(bytes: Uint8Array): Stamp {
    const key = this.#keyIn(bytes);
    const before = this.#rows.get(key);
    if (before === undefined && this.#rows.size >= (this.#options.rows ?? 4)) throw new IsthmusError('REGION_FULL');
    this.#clock += 1_500_000_000n;
    const version =
      this.#options.isAttached === true
        ? bytes.reduce((sum, byte) => BigInt.asUintN(64, sum * 31n + BigInt(byte)), 7n)
        : (before?.version ?? 0n) + 1n;
    const row = { bytes: bytes.slice(), epoch: this.epoch, version, time: this.#clock };
    this.#rows.set(key, row);
    for (const listener of this.#listeners) listener(row);
    return row;
  }

  /** The owner comes or goes. */
  setLive(isLive: boolean): void {
    this.isLive = isLive;
    for (const listener of this.#listeners) listener(undefined);
  }

  /** Ends every watch with an error. */
  failWatches(error: IsthmusError): void {
    this.failure = error;
    for (const listener of this.#listeners) listener(undefined);
  }

  async read(key?: unknown): Promise<RowImage> {
    if (this.failure !== undefined) throw this.failure;
    const row = this.#rows.get(key);
    if (row === undefined) throw new IsthmusError(this.key === undefined ? 'REGION_EMPTY' : 'UNKNOWN_ROW');
    return row;
  }

  async rows(): Promise<RowImage[]> {
    if (this.failure !== undefined) throw this.failure;
    return [...this.#rows.values()];
  }

  async write(bytes: Uint8Array, options: WriteOptions = {}): Promise<Stamp> {
    if (this.failure !== undefined) throw this.failure;
    this.#require(this.#keyIn(bytes), options.expected);
    return this.setBytes(bytes);
  }

  async update(key: unknown, change: (bytes: Uint8Array) => Uint8Array, options: WriteOptions = {}): Promise<Stamp> {
    for (;;) {
      const before = await this.read(key);
      const bytes = change(before.bytes.slice());
      this.onUpdate?.();
      this.#require(key, options.expected);
      if ((await this.read(key)) === before) return this.setBytes(bytes);
    }
  }

  async *watch(options: WatchOptions & { readonly key?: unknown } = {}): AsyncGenerator<Event, undefined, undefined> {
    this.watches.push(options);
    this.watching++;
    const { key, signal } = options;
    const waiting = new Map<unknown, RowImage>();
    const versions = new Map<unknown, bigint>();
    let wake = () => {};
    let last: RowImage | undefined;
    let live = true;
    const notice = (row: RowImage | undefined) => {
      if (row !== undefined && (key === undefined || this.#keyIn(row.bytes) === key)) {
        waiting.set(this.#keyIn(row.bytes), row);
      }
      wake();
    };
    this.#listeners.add(notice);
    signal?.addEventListener('abort', () => wake());
    for (const row of this.#rows.values()) notice(row);
    try {
      while (signal?.aborted !== true) {
        if (this.failure !== undefined) throw this.failure;
        const [entry] = waiting;
        if (entry !== undefined) {
          const [id, row] = entry;
          waiting.delete(id);
          const skipped = Number(row.version - (versions.get(id) ?? row.version - 1n) - 1n);
          versions.set(id, row.version);
          live = this.isLive;
          last = row;
          yield { ...row, skipped: this.#options.isAttached === true ? 0 : skipped, live };
        } else if (last !== undefined && live !== this.isLive) {
          live = this.isLive;
          yield { ...last, skipped: 0, live };
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#listeners.delete(notice);
      this.watching--;
    }
    return undefined;
  }

  #keyIn(bytes: Uint8Array): unknown {
    return this.#forms.keyOf(bytes);
  }

  #require(key: unknown, expected: Expected | undefined): void {
    if (expected === undefined) return;
    const row = this.#rows.get(key);
    const holds =
      expected === 'none' ? row === undefined : row?.epoch === expected.epoch && row.version === expected.version;
    if (!holds) throw new IsthmusError('REGION_CONFLICT');
  }
}
