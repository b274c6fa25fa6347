/** Regions as TypeScript sees them: see regions.h. */

/** A region as the C library's isth_region_type describes it; its number is its place in the schema. */
export interface NativeRegionType {
  readonly name: string;
  /** Of the struct. */
  readonly bytes: number;
  readonly rows: number;
  readonly keyOffset: number;
  /** 0: no key. */
  readonly keyBytes: number;
  /** 1: the key is text. */
  readonly keyIsText: number;
  /** One of {@link writerCounts}. */
  readonly writers: number;
}

/** How many may write a region, as the C library numbers it. */
export const writerCounts = {
  one: 0,
  many: 1,
} as const;

/** What a handshake needs of a schema. */
export interface NativeSchema {
  readonly name: string;
  readonly hash: Uint8Array;
  /** The canonical text, which an owner gives to clients of another version. */
  readonly text: string;
  /** In the order of the schema. */
  readonly regions: readonly NativeRegionType[];
}

/** Where a region's words lie in its buffer, in bytes: numbers of 32 bits, then of 64. */
export const RegionWord = {
  /** A row's number, or {@link rowOfKey}, which becomes the number that was found. */
  row: 0,
  /** Of a part, within the struct. */
  offset: 4,
  size: 8,
  /** Of `look`. */
  rows: 12,
  /** The version that a write depends on, or {@link anyVersion}. */
  expected: 16,
  version: 24,
  time: 32,
  /** Of `look`. */
  changes: 40,
  recovered: 48,
  /** After LOCK_TIMEOUT: the process that holds the writers' lock, where that is known. */
  holder: 56,
  /** For how many ns a write waits for that lock; 0: only try. */
  patience: 60,
} as const;

/** Where the value lies in the buffer. */
export const valueAt = 64;
export const rowOfKey = 0xffff_ffff;
export const anyVersion = 2n ** 64n - 1n;

/**
 * One region. Arguments and results lie in `buffer`: each function but the last four returns 0 or an error's number. After `close`
 * that is CLOSED. Belongs to the thread that made it.
 */
export interface NativeRegion {
  readonly buffer: ArrayBuffer;
  /** Where the key lies in the buffer. */
  readonly keyAt: number;
  readonly epoch: bigint;
  readonly writable: boolean;
  /** Reads `row`. */
  read(): number;
  /** Reads `size` bytes from `offset` of `row`, to the beginning of the value. */
  readPart(): number;
  /** Only `version` and `time` of `row`. */
  stamp(): number;
  /** Writes `row` if it is at `expected`; with `rowOfKey` the row of the value's key, which is added if need be. */
  write(): number;
  /** Replaces `size` bytes from `offset` of `row` by the beginning of the value. */
  writePart(): number;
  /** How many `rows` and `changes` there are. */
  look(): number;
  /**
   * Calls `changed` when there are changes since this was called, at most 1,000 times a second. Does not keep the process alive. One
   * at a time.
   *
   * @throws NativeError `CLOSED`, `OUT_OF_MEMORY`.
   */
  watch(changed: () => void): void;
  /** Makes it so many ns from one call of `changed` to the next, if it is watched: at least 1,000,000, as it is at first. */
  setRest(ns: number): void;
  /** It may be called once more. */
  unwatch(): void;
  close(): void;
}

/** A service of this process with regions, and without handlers. Keeps the process alive until it has ended. */
export interface NativeOwner {
  /** @throws NativeError `UNKNOWN_REGION`, `CLOSED`. */
  region(id: number): NativeRegion;
  stop(): void;
  /** The same, and waits for the end: for when no event loop will tell of it. */
  end(): void;
}

export interface NativeOwners {
  /**
   * @param mode Of the socket; 0: 0600.
   * @param onEnded Called once it has ended, with the error that ended it, if one did.
   */
  ownRegions(
    path: string,
    schema: NativeSchema,
    mode: number,
    onEnded: (error: Error | undefined) => void,
  ): Promise<NativeOwner>;
}
