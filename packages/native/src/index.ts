/**
 * The native addon as TypeScript sees it. Only `@isthmus/core` uses it: what the buffers mean is written down in addon.h.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { NativeOwners, NativeRegion, NativeSchema } from './region.ts';
import type { NativeSegments } from './segment.ts';

export {
  anyVersion,
  type NativeOwner,
  type NativeOwners,
  type NativeRegion,
  type NativeRegionType,
  type NativeSchema,
  RegionWord,
  rowOfKey,
  valueAt,
  writerCounts,
} from './region.ts';

export {
  guardKinds,
  type NativeSegment,
  type NativeSegmentCreation,
  type NativeSegmentName,
  type NativeSegmentOptions,
  type NativeSegments,
  segmentKinds,
  versionBytes,
} from './segment.ts';

/** Indexes into {@link NativeChannel.control}. */
export const Control = { outboxBytes: 0, inTurn: 1, inArena: 2, syncBytes: 3, idleStreams: 4 } as const;

/** Bytes of the outbox, and what its entries and their payloads are aligned to. */
export const outboxBytes = 256 * 1024;
export const outboxAlign = 64;
/** The offset of an inbox entry for a request that was never sent. */
export const notSent = 0xffff_ffff;
/** Bits of an inbox entry's slot: a one-way call that was sent, and one of many replies, whose status is its credit. */
export const SlotBit = { sent: 2 ** 29, more: 2 ** 30 } as const;
/** How many pings there can be at once. */
export const maxPings = 256;
/** What an outbox entry has beside its payload, as bits of its traits; from the next bit on its {@link replyCounts}. */
export const Trait = { trace: 1, metadata: 2, replies: 4 } as const;
/** The most bytes of metadata, and the numbers of what it says: c/include/isthmus/types.h. */
export const maxMetadataBytes = 4096;
export const metadataKeys = { subject: 1, tenant: 2, scopes: 3, method: 4 } as const;
/** How many replies a method has, as the C library numbers it. */
export const replyCounts = { one: 0, many: 1, none: 2 } as const;

/** How a channel waits, as the C library numbers it. */
export const waitModes = { adaptive: 0, block: 1, spin: 2 } as const;

/** All numbers; 0 stands for the C library's default. */
export interface NativeOptions {
  readonly requestRingBytes: number;
  readonly replyRingBytes: number;
  readonly maxInFlight: number;
  readonly wait: number;
  readonly spinNs: number;
  readonly connectTimeoutMs: number;
  readonly streamWindowBytes: number;
  /** 1: copy replies instead of viewing shared memory, as runtimes that refuse external memory need. */
  readonly copy: number;
}

export interface NativeStats {
  /** 0 while the instance is there; else why it is not, which is told once all calls have ended. */
  readonly status: number;
  readonly inFlight: number;
  readonly calls: number;
  readonly replies: number;
  readonly lateReplies: number;
}

/** One channel. After `close` every other function throws. Not shared between threads: each Worker opens its own. */
export interface NativeChannel {
  readonly control: ArrayBuffer;
  readonly outbox: ArrayBuffer;
  readonly inbox: ArrayBuffer;
  readonly scratch: ArrayBuffer;
  /** Absent where the runtime refuses external memory. */
  readonly segment?: ArrayBuffer;
  /** Absent until first used; replaced when it grows. */
  readonly arena?: ArrayBuffer;
  readonly lanes: number;
  readonly pid: number;
  /** Sends the outbox; returns how many inbox entries tell of requests that could not be sent, and of one-way calls. */
  flush(): number;
  /**
   * Within a turn: sends the outbox and looks for outcomes, of which it returns how many are in the inbox. 0: nothing came for a while,
   * or this went on for long enough; the turn then goes on by itself. Never throws.
   */
  next(): number;
  /** Sends one request that does not fit into the outbox. Returns 0 or an error's number. */
  send(
    slot: number,
    method: number,
    replies: number,
    payload: Uint8Array,
    timeoutMs: number,
    trace: Uint8Array | undefined,
    metadata: Uint8Array | undefined,
  ): number;
  /** True: the call was in flight, and nothing comes of it any more. */
  cancel(slot: number): boolean;
  /** Gives back the credit of replies that were consumed, of the call that was last sent in this slot. */
  credit(slot: number, bytes: number): void;
  /** The id of the call that was last sent in this slot. */
  callId(slot: number): bigint;
  /** How long the call that was last sent in this slot has until its deadline, in ms; 0 or less: none. */
  leftMs(slot: number): number;
  /**
   * Asks the serving thread of a lane, from 0, for a sign of life. Returns 0 or an error's number. Its outcome has the slot
   * `maxInFlight + number`; until then the number, below {@link maxPings}, is taken.
   */
  ping(number: number, lane: number, timeoutMs: number): number;
  /** Somebody waits again for a call that `control` counted as idle. */
  waitAnew(): void;
  /**
   * Calls with the payload in `scratch` and waits; returns the status. Replies or messages come to lie there; `control` says
   * how many bytes, or, by a negative number, that nothing was sent: the instance has gone, or takes no new calls. With more bytes than `scratch` has, that is another one
   * now, which `growScratch` gives.
   */
  callSync(method: number, size: number, timeoutMs: number, metadata?: Uint8Array): number;
  growScratch(bytes: number): ArrayBuffer;
  /** So many bytes of the segment, at least one, as a buffer of their own, which can be detached without the others. */
  lend(offset: number, size: number): ArrayBuffer;
  stats(): NativeStats;
  /** The region of this number, which outlives the channel. */
  region(id: number): NativeRegion;
  close(): void;
}

/** What the addon throws and rejects with: `status` is the C error, the message its detail. */
export interface NativeError extends Error {
  readonly status: number;
}

export interface Native extends NativeSegments, NativeOwners {
  /**
   * `schema` undefined: whatever the instance has; there are no regions then. `onStatus` is called with INSTANCE_DRAINING once the
   * instance has said that it ends, and with INSTANCE_LOST or PEER_CORRUPT once it has gone.
   */
  open(
    path: string,
    schema: NativeSchema | undefined,
    options: NativeOptions,
    onOutcomes: (count: number) => void,
    onStatus: (status: number) => void,
  ): Promise<NativeChannel>;
  describe(path: string, timeoutMs: number): Promise<string>;
}

/**
 * Loads the addon: the one that was compiled when the package was installed, or the prebuilt one for this platform.
 *
 * @throws Error with the loader's reason when there is neither.
 */
export function loadNative(): Native {
  const require = createRequire(import.meta.url);
  // node-gyp-build has no types; what it loads is our own addon.
  const load: (folder: string) => Native = require('node-gyp-build');
  return load(fileURLToPath(new URL('..', import.meta.url)));
}
