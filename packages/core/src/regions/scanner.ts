import { IsthmusError } from '@isthmus/schema';
import type { RegionAccess } from './access.ts';
import type { RegionSource } from './source.ts';
import type { Stamp } from './types.ts';

/** A version of a row, whatever its value is given as. */
export type RowEvent<T> = T & { readonly skipped: number; readonly live: boolean };

export interface ScannerOptions<T extends Stamp> {
  /** Of which row; undefined: of all there are. */
  readonly key: unknown;
  /** Reads the row that is selected. */
  readonly read: (access: RegionAccess) => T;
  /** The least time between two events of a row. */
  readonly intervalMs: number;
  /** What is known already of the one row that this is about. */
  readonly after: Pick<Stamp, 'epoch' | 'version'> | undefined;
}

/** How many rows are looked at before others may run. */
const rowsAtOnce = 4096;
/** For how long changes may go unseen, since one may be of a row that seldom changes. */
const maxRestMs = 100;
/** How soon a row is looked at again that was written over and over while it was read. */
const busyMs = 1;

/**
 * Finds rows that are at another version than the last one that was told of them, going round, so that one that always changes does
 * not hide the others.
 */
export class Scanner<T extends Stamp> {
  /** Called when there may be something new. */
  onChange: () => void = () => {};
  readonly #source: RegionSource;
  readonly #options: ScannerOptions<T>;
  #access: RegionAccess | undefined;
  #stopListening: (() => void) | undefined;
  /** What was told of each row of this memory: its version, whether its owner was there, and when, on performance.now()'s clock. */
  #versions: number[] = [];
  #lives: boolean[] = [];
  #times: number[] = [];
  /** What the round is for, where it is, and how many rows it has left. */
  #changes = -1n;
  #live = true;
  #row = 0;
  #left = 0;
  /** When a row that is new may be told of, which was too soon. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(source: RegionSource, options: ScannerOptions<T>) {
    this.#source = source;
    this.#options = options;
  }

  /**
   * The next event, or in how many ms there may be one: 0, if there are more rows to look at; infinity: not before a change.
   *
   * @throws IsthmusError
   */
  next(): RowEvent<T> | number {
    const access = this.#current();
    if (access === undefined) return Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    const rows = this.#round(access, nowMs);
    for (let looked = 0; this.#left > 0; looked += 1) {
      if (looked === rowsAtOnce) return 0;
      const row = this.#row < rows ? this.#row : 0;
      this.#row = row + 1;
      this.#left -= 1;
      const event = this.#look(access, row, nowMs);
      if (event !== undefined) return event;
    }
    return this.#dueMs - nowMs;
  }

  close(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  /** What there is to read now; undefined: nothing yet. */
  #current(): RegionAccess | undefined {
    const access = this.#source.isAwaited ? undefined : this.#source.access();
    if (access !== undefined && access !== this.#access) this.#begin(access);
    return access;
  }

  #begin(access: RegionAccess): void {
    const { after } = this.#options;
    const isKnown = this.#access === undefined && after?.epoch === access.memory.epoch;
    this.close();
    this.#access = access;
    this.#versions = isKnown ? [Number(after.version)] : [];
    this.#lives = [true];
    this.#times = [];
    this.#changes = -1n;
    const restMs = Math.min(this.#options.intervalMs, maxRestMs);
    this.#stopListening = access.memory.listen(() => this.onChange(), restMs);
  }

  /** Begins another round if there is a reason. @returns How many rows there are. */
  #round({ memory }: RegionAccess, nowMs: number): number {
    memory.look();
    const { changes } = memory;
    const { isLive } = this.#source;
    const rows = this.#options.key === undefined ? memory.rows : 1;
    if (changes !== this.#changes || isLive !== this.#live || nowMs >= this.#dueMs) {
      this.#changes = changes;
      this.#live = isLive;
      this.#left = rows;
      this.#dueMs = Number.POSITIVE_INFINITY;
    }
    return rows;
  }

  /** The event of a row, if there is something to tell of it, and it is time. */
  #look(access: RegionAccess, row: number, nowMs: number): RowEvent<T> | undefined {
    try {
      return this.#isNew(access, row, nowMs) ? this.#tell(access, row, nowMs) : undefined;
    } catch (cause) {
      const code = cause instanceof IsthmusError ? cause.code : undefined;
      if (code === 'REGION_BUSY') this.#dueMs = Math.min(this.#dueMs, nowMs + busyMs);
      // Of a row that is not there yet, there is nothing to tell.
      else if (code !== 'UNKNOWN_ROW') throw cause;
      return undefined;
    }
  }

  #isNew(access: RegionAccess, row: number, nowMs: number): boolean {
    const { memory } = access;
    if (this.#options.key === undefined) memory.select(row);
    else access.select(this.#options.key);
    memory.readStamp();
    const version = memory.versionNumber;
    const told = this.#versions[row] ?? 0;
    // Only who may write the memory but not as we do makes versions go back.
    const isNew = version > told || (told > 0 && version === told && this.#lives[row] !== this.#live);
    if (!isNew) return false;
    const dueMs = (this.#times[row] ?? Number.NEGATIVE_INFINITY) + this.#options.intervalMs;
    if (nowMs >= dueMs) return true;
    this.#dueMs = Math.min(this.#dueMs, dueMs);
    return false;
  }

  #tell(access: RegionAccess, row: number, nowMs: number): RowEvent<T> {
    const read = this.#options.read(access);
    const told = this.#versions[row] ?? 0;
    const version = Number(read.version);
    this.#versions[row] = version;
    this.#lives[row] = this.#live;
    this.#times[row] = nowMs;
    return { ...read, skipped: told === 0 ? 0 : Math.max(version - told - 1, 0), live: this.#live };
  }
}
