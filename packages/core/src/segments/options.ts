/** What names a segment that exists already, how it is guarded, and how it is used: what `attach` and the configuration take. */

/** A key as `shmget` and `semget` take it, not 0, with or without a sign; or the id that `ipcs` shows. */
export type SystemVName =
  | { readonly key: number; readonly id?: undefined }
  | { readonly id: number; readonly key?: undefined };

/** Exactly one of them. */
export type SegmentSource =
  /** System V: shmget, shmat. */
  | { readonly systemV: SystemVName; readonly posix?: undefined; readonly file?: undefined; readonly fd?: undefined }
  /** `/name`, as shm_open takes it. */
  | { readonly posix: string; readonly systemV?: undefined; readonly file?: undefined; readonly fd?: undefined }
  /** The path of a regular file. */
  | { readonly file: string; readonly systemV?: undefined; readonly posix?: undefined; readonly fd?: undefined }
  /** A descriptor that this process inherited or opened. Must stay open until it is attached. */
  | { readonly fd: number; readonly systemV?: undefined; readonly posix?: undefined; readonly file?: undefined };

/** How the programs that share the memory keep out of each other's way. Exactly one of them. */
export interface SegmentGuard {
  /** A counter of 4 or 8 bytes at this offset of the segment, odd while somebody writes. */
  readonly seqlock?: { readonly offset: number; readonly bytes: 4 | 8 } | undefined;
  /** `/name`, as sem_open takes it: 1 when free. */
  readonly posixSemaphore?: string | undefined;
  /** Semaphore `number` of a set, 1 when free. `undo`: with SEM_UNDO, so that the kernel gives back what a dead process held. Default: true. */
  readonly systemVSemaphore?:
    | (SystemVName & { readonly number: number; readonly undo?: boolean | undefined })
    | undefined;
  /** A `pthread_mutex_t` at this offset of the segment: process-shared, and best robust. */
  readonly mutex?: { readonly offset: number } | undefined;
  /** `flock` on the file of this path; true: on the segment's own. */
  readonly flock?: string | true | undefined;
  /** A `fcntl` lock on the whole file of this path; true: on the segment's own. */
  readonly fcntl?: string | true | undefined;
}

/** Bytes that identify a segment: where it has others, attaching is SEGMENT_MISMATCH. */
export interface SegmentMagic {
  /** From the segment's beginning. Default: 0. */
  readonly offset?: number | undefined;
  /** 1 to 4,096 of them, or as many pairs of hex digits. */
  readonly bytes: Uint8Array | string;
}

export type AttachOptions = SegmentSource & {
  /** Where the struct begins, in bytes from the segment's beginning. Default: 0. */
  readonly offset?: number | undefined;
  /** Left out: nobody keeps out of anybody's way, so only fields of 1, 2, 4 or 8 aligned bytes are sure to be in one piece. */
  readonly guard?: SegmentGuard | undefined;
  /** Whether it may be written. Default: false. */
  readonly writable?: boolean | undefined;
  /** How long an operation waits for the guard, and for those before it, in ms up to 60,000. Default: 100. */
  readonly timeoutMs?: number | undefined;
  /** How often `watch` looks whether there is something new, in ms up to 60,000. Default: 20. */
  readonly watchIntervalMs?: number | undefined;
  readonly magic?: SegmentMagic | undefined;
  /** True: `attach` does not fail where it cannot reach the segment; each operation does, until it can. Default: false. */
  readonly lazy?: boolean | undefined;
};

/** Options that were checked: paths absolute, defaults in place. `attach` takes them too. */
export type AttachSettings = SegmentSource & {
  readonly offset: number;
  readonly guard: SegmentGuard | undefined;
  readonly writable: boolean;
  readonly timeoutMs: number;
  readonly watchIntervalMs: number;
  readonly magic: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
  readonly lazy: boolean;
};

/** The defaults, as the documentation states them; undefined: there is none. */
export const attachDefaults = {
  systemV: undefined,
  posix: undefined,
  file: undefined,
  fd: undefined,
  offset: '0',
  guard: undefined,
  writable: 'false',
  timeoutMs: '100',
  watchIntervalMs: '20',
  magic: undefined,
  lazy: 'false',
} as const satisfies Readonly<Record<keyof AttachOptions, string | undefined>>;

export const attachOptionNames: readonly string[] = Object.keys(attachDefaults);
