import { anyVersion, type NativeRegion, RegionWord, rowOfKey } from '@isthmus/native';
import { errorCodeOf, errors, IsthmusError } from '@isthmus/schema';
import { errorOf } from '../errors.ts';
import { type BufferMemory, memoryOf } from '../memory.ts';
import type { Expected, Stamp } from './types.ts';

const nsPerMs = 1_000_000;

/** As the C library numbers it. */
const status = {
  empty: -errors.REGION_EMPTY.number,
  conflict: -errors.REGION_CONFLICT.number,
  lockTimeout: -errors.LOCK_TIMEOUT.number,
  invalid: -errors.INVALID_ARGUMENT.number,
} as const;

/**
 * The region of one instance: reads and writes bytes through the buffer that regions.h describes. What was read lies there until
 * the next call, so nothing may come between that and decoding it.
 */
export class RegionMemory {
  /** What the addon copies to and from: the value is at `valueAt`, the key at `keyAt`. */
  readonly buffer: BufferMemory;
  readonly keyAt: number;
  readonly epoch: bigint;
  readonly isWritable: boolean;
  readonly #native: NativeRegion;
  readonly #name: string;
  readonly #view: DataView;
  /** With how long each of them can do without being called again, in ms. */
  readonly #listeners = new Map<() => void, number>();
  /** The least of these. */
  #restMs = Number.POSITIVE_INFINITY;

  constructor(native: NativeRegion, name: string) {
    this.#name = name;
    this.#native = native;
    this.buffer = memoryOf(native.buffer);
    this.#view = this.buffer.view;
    this.keyAt = native.keyAt;
    this.epoch = native.epoch;
    this.isWritable = native.writable;
  }

  /** Which row the next call is about; undefined: the one whose key lies in the buffer. */
  select(row: number | undefined): void {
    this.#view.setUint32(RegionWord.row, row ?? rowOfKey, true);
  }

  /** The row that the last call was about. */
  get row(): number {
    return this.#view.getUint32(RegionWord.row, true);
  }

  /** Of the last call. */
  get version(): bigint {
    return this.#view.getBigUint64(RegionWord.version, true);
  }

  /** The same as a number, which tells versions below 2^53 apart. */
  get versionNumber(): number {
    const { version } = RegionWord;
    return this.#view.getUint32(version, true) + this.#view.getUint32(version + 4, true) * 2 ** 32;
  }

  stamp(): Stamp {
    return { epoch: this.epoch, version: this.version, time: this.#view.getBigInt64(RegionWord.time, true) };
  }

  /** @throws IsthmusError `REGION_EMPTY`, `REGION_BUSY`, `UNKNOWN_ROW`. */
  read(): void {
    const result = this.#native.read();
    if (result !== 0) throw this.#failure(result);
  }

  /** The same of some bytes, which come to lie where the value begins. */
  readPart(offset: number, size: number): void {
    this.#view.setUint32(RegionWord.offset, offset, true);
    this.#view.setUint32(RegionWord.size, size, true);
    const result = this.#native.readPart();
    if (result !== 0) throw this.#failure(result);
  }

  /** Reads the value, or zeros where nothing was written. */
  readIfWritten(): void {
    const result = this.#native.read();
    if (result !== 0 && result !== status.empty) throw this.#failure(result);
  }

  /** Only the stamp; the version is 0 where nothing was written. */
  readStamp(): void {
    const result = this.#native.stamp();
    if (result !== 0) throw this.#failure(result);
  }

  /**
   * Waits so long while another thread or process writes.
   *
   * @throws IsthmusError `REGION_READ_ONLY`, `REGION_CONFLICT`, `REGION_FULL`, `LOCK_TIMEOUT`, `INVALID_ARGUMENT`.
   */
  write(expected: Expected | undefined, waitMs: number): Stamp {
    this.#expect(expected);
    this.#wait(waitMs);
    return this.#written(this.#native.write());
  }

  /** Replaces some bytes by those where the value begins. */
  writePart(offset: number, size: number, expected: Expected | undefined, waitMs: number): Stamp {
    this.#expect(expected);
    this.#wait(waitMs);
    this.#view.setUint32(RegionWord.offset, offset, true);
    this.#view.setUint32(RegionWord.size, size, true);
    return this.#written(this.#native.writePart());
  }

  /** @throws IsthmusError `REGION_READ_ONLY`. */
  requireWritable(): void {
    if (!this.isWritable) throw new IsthmusError('REGION_READ_ONLY', { detail: `region ${this.#name}` });
  }

  /** The version that was just read, if it is what is expected. @throws IsthmusError `REGION_CONFLICT`. */
  require(expected: Expected | undefined): bigint {
    const { version } = this;
    if (expected === undefined || this.#versionOf(expected) === version) return version;
    throw this.#failure(status.conflict, `it is at version ${version}`);
  }

  /** Writes if the row is still at the version that was just read. @returns Undefined: it is not. */
  replace(version: bigint, waitMs: number): Stamp | undefined {
    this.#view.setBigUint64(RegionWord.expected, version, true);
    this.#wait(waitMs);
    const result = this.#native.write();
    return result === status.conflict ? undefined : this.#written(result);
  }

  /** Counts rows and changes. */
  look(): void {
    const result = this.#native.look();
    if (result !== 0) throw this.#failure(result);
  }

  /** How many rows there were at the last look. */
  get rows(): number {
    return this.#view.getUint32(RegionWord.rows, true);
  }

  /** How many writes there were: another number after each. */
  get changes(): bigint {
    return this.#view.getBigUint64(RegionWord.changes, true);
  }

  /**
   * Has `listener` called when there are changes, until the function that is returned is called: at once after a quiet time, and
   * after `restMs` (at least 1) otherwise, or sooner if another listener asks for that.
   */
  listen(listener: () => void, restMs: number): () => void {
    if (this.#listeners.size === 0) {
      try {
        this.#native.watch(() => {
          for (const notify of this.#listeners.keys()) notify();
        });
      } catch (cause) {
        throw errorOf(cause);
      }
    }
    this.#listeners.set(listener, restMs);
    if (restMs < this.#restMs) this.#rest(restMs);
    return () => {
      if (!this.#listeners.delete(listener)) return;
      if (this.#listeners.size === 0) this.#native.unwatch();
      if (restMs === this.#restMs) this.#rest(leastOf(this.#listeners.values()));
    };
  }

  close(): void {
    this.#native.close();
  }

  #expect(expected: Expected | undefined): void {
    this.requireWritable();
    this.#view.setBigUint64(RegionWord.expected, expected === undefined ? anyVersion : this.#versionOf(expected), true);
  }

  #wait(ms: number): void {
    this.#view.setUint32(RegionWord.patience, ms * nsPerMs, true);
  }

  #rest(ms: number): void {
    this.#restMs = ms;
    if (ms < Number.POSITIVE_INFINITY) this.#native.setRest(ms * nsPerMs);
  }

  #versionOf(expected: Expected): bigint {
    if (expected === 'none') return 0n;
    const { epoch, version } = expected;
    if (typeof epoch !== 'bigint' || typeof version !== 'bigint') {
      throw new IsthmusError('INVALID_ARGUMENT', { detail: "expected must be 'none', or have an epoch and a version" });
    }
    // No row is at a version that the addon takes for any.
    if (epoch === this.epoch && version >= 0n && version < anyVersion) return version;
    const other = `version ${version} is of epoch ${epoch.toString(16)}, and there is epoch ${this.epoch.toString(16)} now`;
    throw new IsthmusError('REGION_CONFLICT', {
      detail: epoch === this.epoch ? `there is no version ${version}` : other,
    });
  }

  #written(result: number): Stamp {
    if (result === 0) return this.stamp();
    if (result === status.lockTimeout) throw this.#failure(result, this.#holder());
    if (result === status.conflict) throw this.#failure(result, `it is at version ${this.version}`);
    // Nothing else can be wrong with what is written from here.
    if (result === status.invalid) throw this.#failure(result, 'the key of a row cannot be changed');
    throw this.#failure(result);
  }

  #holder(): string {
    const pid = this.#view.getUint32(RegionWord.holder, true);
    return pid === 0 ? '' : `process ${pid} holds it`;
  }

  #failure(result: number, why = ''): IsthmusError {
    const place = `region ${this.#name}`;
    return new IsthmusError(errorCodeOf(result), { detail: why === '' ? place : `${place}: ${why}` });
  }
}

function leastOf(numbers: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const number of numbers) least = Math.min(least, number);
  return least;
}
