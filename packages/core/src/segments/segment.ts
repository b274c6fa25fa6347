import { type NativeSegment, versionBytes } from '@isthmus/native';
import { IsthmusError } from '@isthmus/schema';
import { errorOf } from '../errors.ts';
import { Fifo } from '../fifo.ts';
import { native } from '../native.ts';
import type { Expected, RowImage, Stamp } from '../regions/types.ts';
import { nativeOptionsOf } from './native-options.ts';
import type { AttachSettings } from './options.ts';

/** How long a segment is taken for the one that its name leads to, before that is looked at again, in ms. */
const recheckMs = 100;
const maxWaiting = 1000;
/** The longest that a thread waits for a guard, in ms: it cannot be called back, so detaching waits as long. */
const sliceMs = 250;

/**
 * A struct in memory that somebody else made, which may not be there yet, and may be another one any time: each operation
 * attaches where it must. One operation at a time: the others wait here and not for the guard, each until its own deadline. None
 * of them blocks the event loop: what finds the guard taken goes to a thread.
 */
export class Segment {
  readonly settings: AttachSettings;
  /** Of the struct. */
  readonly bytes: number;
  readonly #closing = new AbortController();
  readonly #waiting = new Fifo<() => void>();
  #taken = false;
  #memory: NativeSegment | undefined;
  #isCurrent = false;
  /** On performance.now()'s clock. */
  #checkedMs = 0;
  #detached: Promise<void> | undefined;

  constructor(settings: AttachSettings, bytes: number) {
    this.settings = settings;
    this.bytes = bytes;
  }

  /** Aborted once it is detached. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Whether it is attached, and to the memory that its name leads to now. Where it is not, asking makes it look once more. */
  get isLive(): boolean {
    // In the midst of an operation the memory is not ours to ask.
    if (this.#taken || this.closed.aborted) return this.#isCurrent;
    this.#check();
    const isDue = performance.now() - this.#checkedMs >= recheckMs;
    if (!this.#isCurrent && isDue) this.attach().catch(() => undefined);
    return this.#isCurrent;
  }

  attach(): Promise<void> {
    return this.#exclusively(async () => void (await this.#attached()));
  }

  read(): Promise<RowImage> {
    return this.#exclusively(async (deadlineMs) => {
      const memory = await this.#attached();
      if (!memory.read(0, this.bytes, true)) {
        await this.#patiently(deadlineMs, (timeoutMs) => memory.read(0, this.bytes, true, timeoutMs));
      }
      return { ...stampOf(memory), bytes: copyOf(memory, 0, this.bytes) };
    });
  }

  readPart(offset: number, size: number): Promise<Uint8Array> {
    return this.#exclusively(async (deadlineMs) => {
      const memory = await this.#attached();
      if (!memory.read(offset, size, false)) {
        await this.#patiently(deadlineMs, (timeoutMs) => memory.read(offset, size, false, timeoutMs));
      }
      return copyOf(memory, offset, size);
    });
  }

  /** Replaces what lies at `offset`. `expected`: only if the whole struct is at this version. */
  write(offset: number, bytes: Uint8Array, expected: Expected | undefined): Promise<Stamp> {
    return this.#exclusively(async (deadlineMs) => {
      const memory = await this.#attached();
      const version = versionOf(expected, memory);
      new Uint8Array(memory.buffer).set(bytes, versionBytes + offset);
      if (!memory.write(offset, bytes.length, version)) {
        await this.#patiently(deadlineMs, (timeoutMs) => memory.write(offset, bytes.length, version, timeoutMs));
      }
      return stampOf(memory);
    });
  }

  /** Any number of times. */
  detach(): Promise<void> {
    this.#detached ??= this.#detach();
    return this.#detached;
  }

  async #detach(): Promise<void> {
    this.#closing.abort();
    if (this.#taken) await this.#turn();
    this.#taken = true;
    this.#drop();
    this.#pass();
  }

  async #exclusively<Result>(operation: (deadlineMs: number) => Promise<Result>): Promise<Result> {
    const { timeoutMs } = this.settings;
    const deadlineMs = performance.now() + timeoutMs;
    if (this.closed.aborted) throw new IsthmusError('CLOSED');
    if (this.#waiting.size >= maxWaiting) {
      throw new IsthmusError('TOO_MANY_CALLS', { detail: `${maxWaiting} operations wait for this segment already` });
    }
    const waited = this.#taken;
    if (waited) await this.#turn();
    this.#taken = true;
    try {
      if (this.closed.aborted) throw new IsthmusError('CLOSED');
      if (waited && performance.now() >= deadlineMs) {
        throw new IsthmusError('LOCK_TIMEOUT', { detail: `operations before this one took ${timeoutMs} ms` });
      }
      return await operation(deadlineMs);
    } catch (cause) {
      const error = errorOf(cause);
      // A lock that was removed may be there again under its name: only attaching finds it.
      if (error.code === 'GUARD_MISSING') this.#drop();
      throw error;
    } finally {
      this.#pass();
    }
  }

  /** Tries until the guard is free, or the deadline over, or the segment is to be detached. */
  async #patiently(deadlineMs: number, attempt: (timeoutMs: number) => Promise<void>): Promise<void> {
    for (;;) {
      const left = leftMs(deadlineMs);
      try {
        return await attempt(Math.min(left, sliceMs));
      } catch (cause) {
        const { code } = errorOf(cause);
        const isTaken = code === 'LOCK_TIMEOUT' || code === 'REGION_BUSY';
        if (!isTaken || left <= sliceMs) throw cause;
        if (this.closed.aborted) throw new IsthmusError('CLOSED');
      }
    }
  }

  /** Resolves once whoever has the memory, and all who wait already, have passed it on. */
  #turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }

  async #attached(): Promise<NativeSegment> {
    this.#check();
    if (this.#memory !== undefined && this.#isCurrent) return this.#memory;
    this.#drop();
    this.#checkedMs = performance.now();
    this.#memory = await native().attachSegment(nativeOptionsOf(this.settings, this.bytes));
    this.#isCurrent = true;
    this.#checkedMs = performance.now();
    return this.#memory;
  }

  #check(): void {
    if (this.#memory === undefined || !this.#isCurrent || performance.now() - this.#checkedMs < recheckMs) return;
    this.#isCurrent = this.#memory.isCurrent();
    this.#checkedMs = performance.now();
  }

  #drop(): void {
    this.#memory?.detach();
    this.#memory = undefined;
    this.#isCurrent = false;
  }
}

function leftMs(deadlineMs: number): number {
  return Math.max(0, deadlineMs - performance.now());
}

function copyOf(memory: NativeSegment, offset: number, size: number): Uint8Array {
  return new Uint8Array(memory.buffer.slice(versionBytes + offset, versionBytes + offset + size));
}

/** The memory does not say when it was written, so this is when it was looked at. */
function stampOf(memory: NativeSegment): Stamp {
  return {
    epoch: memory.identity,
    version: new DataView(memory.buffer).getBigUint64(0, true),
    time: BigInt(Date.now()) * 1_000_000n,
  };
}

/** @throws IsthmusError `REGION_CONFLICT` where it cannot be what is expected, `INVALID_ARGUMENT` where nothing can. */
function versionOf(expected: Expected | undefined, memory: NativeSegment): bigint | undefined {
  if (expected === undefined) return undefined;
  if (expected === 'none') throw new IsthmusError('REGION_CONFLICT', { detail: 'a segment always has a value' });
  const { epoch, version } = expected;
  if (typeof epoch !== 'bigint' || typeof version !== 'bigint') {
    throw new IsthmusError('INVALID_ARGUMENT', { detail: "expected must be 'none', or have an epoch and a version" });
  }
  if (epoch !== memory.identity) {
    throw new IsthmusError('REGION_CONFLICT', { detail: 'it is another segment by now' });
  }
  if (version === BigInt.asUintN(64, version)) return version;
  throw new IsthmusError('REGION_CONFLICT', { detail: `there is no version ${version}` });
}
