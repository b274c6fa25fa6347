/** Segments of shared memory as the addon offers them: see segment.c and c/include/isthmus/segment.h. */

/** What names a segment, as the C library numbers it. */
export const segmentKinds = { systemV: 0, posix: 1, file: 2, fd: 3 } as const;

/** The guards, likewise. */
export const guardKinds = {
  none: 0,
  seqlock: 1,
  posixSemaphore: 2,
  systemVSemaphore: 3,
  mutex: 4,
  flock: 5,
  fcntl: 6,
} as const;

/** Bytes of {@link NativeSegment.buffer} before the struct: the version, little-endian. */
export const versionBytes = 8;

export interface NativeSegmentName {
  readonly kind: number;
  /** Of POSIX shared memory, or of a file. */
  readonly name?: string | undefined;
  /** Of System V: 32 bits with a sign; 0: the id counts. */
  readonly key?: number | undefined;
  readonly id?: number | undefined;
  readonly fd?: number | undefined;
}

/** What is left out is 0, or not there. */
export interface NativeSegmentOptions extends NativeSegmentName {
  readonly offset: number;
  readonly bytes: number;
  /** 0 or 1, as `guardUndo`. */
  readonly writable: number;
  readonly guard: number;
  readonly guardOffset?: number | undefined;
  readonly guardWidth?: number | undefined;
  readonly guardName?: string | undefined;
  readonly guardKey?: number | undefined;
  readonly guardId?: number | undefined;
  readonly guardNumber?: number | undefined;
  readonly guardUndo?: number | undefined;
  readonly magic?: Uint8Array | undefined;
  readonly magicOffset?: number | undefined;
}

export interface NativeSegmentCreation extends NativeSegmentName {
  readonly bytes: number;
  /** 0: 0600. */
  readonly mode: number;
  /** -1: as the process. */
  readonly uid: number;
  readonly gid: number;
}

/**
 * One attached segment. One operation at a time: while a promise of it is pending, nothing else of it may be called. All throw
 * or reject with a NativeError; CLOSED once detached.
 */
export interface NativeSegment {
  /** Tells this memory from any other that its name may lead to. */
  readonly identity: bigint;
  /** The version, then the struct: what was read, or is to be written. */
  readonly buffer: ArrayBuffer;
  /** Without `timeoutMs`: false where the guard is not free. With it, waits on a thread of its own. */
  read(offset: number, size: number, stamped: boolean): boolean;
  read(offset: number, size: number, stamped: boolean, timeoutMs: number): Promise<void>;
  write(offset: number, size: number, expected: bigint | undefined): boolean;
  write(offset: number, size: number, expected: bigint | undefined, timeoutMs: number): Promise<void>;
  isCurrent(): boolean;
  detach(): void;
}

export interface NativeSegments {
  attachSegment(options: NativeSegmentOptions): Promise<NativeSegment>;
  createSegment(creation: NativeSegmentCreation): Promise<void>;
  removeSegment(name: NativeSegmentName): void;
  /** Whether any process has the file open or mapped; undefined: only its owner, and the privileged, are told. */
  isFileUsed(path: string): boolean | undefined;
}
