import { anyVersion, type NativeRegion, RegionWord, valueAt } from '@isthmus/native';
import { errors } from '@isthmus/schema';

/** A region of one row without memory behind it: for what real memory does once in a million times. */
export class FakeNativeRegion implements NativeRegion {
  readonly buffer: ArrayBuffer;
  readonly keyAt: number;
  readonly epoch = 7n;
  readonly writable = true;
  /** Of the row, and what is told to those who watch. */
  version = 0n;
  changes = 0n;
  /** Set by setRest, in ns. */
  readonly rests: number[] = [];
  isWatched = false;
  /** What a write comes to, in place of being done. It is told how long it may wait, in ns. */
  onWrite: ((patienceNs: number) => number) | undefined;
  readonly #view: DataView;
  readonly #value: Uint8Array;

  constructor(bytes: number) {
    this.keyAt = valueAt + bytes;
    this.buffer = new ArrayBuffer(this.keyAt);
    this.#view = new DataView(this.buffer);
    this.#value = new Uint8Array(bytes);
  }

  /** As a writer does who dies before it counts the change. */
  putUncounted(value: Uint8Array): void {
    this.#value.set(value);
    this.version += 1n;
  }

  readonly read = (): number => {
    new Uint8Array(this.buffer, valueAt).set(this.#value);
    this.stamp();
    return this.version === 0n ? -errors.REGION_EMPTY.number : 0;
  };

  readonly readPart = (): number => -errors.INVALID_ARGUMENT.number;
  readonly writePart = (): number => -errors.INVALID_ARGUMENT.number;

  readonly stamp = (): number => {
    this.#view.setBigUint64(RegionWord.version, this.version, true);
    return 0;
  };

  readonly write = (): number => {
    const result = this.onWrite?.(this.#view.getUint32(RegionWord.patience, true));
    if (result !== undefined) return result;
    const expected = this.#view.getBigUint64(RegionWord.expected, true);
    if (expected !== anyVersion && expected !== this.version) return -errors.REGION_CONFLICT.number;
    this.putUncounted(new Uint8Array(this.buffer, valueAt, this.#value.length));
    this.changes += 1n;
    return this.stamp();
  };

  readonly look = (): number => {
    this.#view.setBigUint64(RegionWord.changes, this.changes, true);
    this.#view.setUint32(RegionWord.rows, 1, true);
    return 0;
  };

  watch(): void {
    this.isWatched = true;
  }

  setRest(ns: number): void {
    this.rests.push(ns);
  }

  unwatch(): void {
    this.isWatched = false;
  }

  close(): void {}
}
