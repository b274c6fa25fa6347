import {
  Control,
  type NativeChannel,
  type NativeStats,
  notSent,
  outboxAlign,
  outboxBytes,
  waitModes,
} from '@isthmus/native';
import { diffSchemas, errorCodeOf, IsthmusError, type Memory, type Service } from '@isthmus/schema';
import { errorOfNative, errorOfStatus } from './errors.ts';
import { native } from './native.ts';
import type { Settings } from './options.ts';
import type { CallOptions, PendingCall } from './pending.ts';

/** What a channel tells its owner. */
export interface ChannelOwner {
  /** A call did not succeed. `sent`: the instance may have executed it. `leftMs`: until the call's deadline. */
  failed(call: PendingCall, error: IsthmusError, sent: boolean, leftMs: number): void;
  /** The instance turned out to have gone: nothing more should be sent to it. `lost` comes later. */
  unusable(channel: Channel): void;
  /** The instance has gone; its calls have failed already. */
  lost(channel: Channel, error: IsthmusError): void;
}

function memoryOf(buffer: ArrayBuffer): Memory & { readonly bytes: Buffer } {
  return { view: new DataView(buffer), bytes: Buffer.from(buffer) };
}

/**
 * One client's connection to one instance: the JavaScript half of what addon.h describes.
 *
 * Requests are written straight into the outbox, replies are decoded straight out of shared memory.
 */
export class Channel {
  readonly path: string;
  inFlight = 0;
  readonly #native: NativeChannel;
  readonly #owner: ChannelOwner;
  readonly #schema: Service;
  readonly #control: Int32Array;
  readonly #outbox: Memory & { readonly bytes: Buffer };
  readonly #inbox: Uint32Array;
  readonly #segment: Memory | undefined;
  #arena: { readonly buffer: ArrayBuffer; readonly memory: Memory } | undefined;
  #scratch: Memory;
  readonly #calls: (PendingCall | undefined)[];
  /** A stack of free slots. */
  readonly #free: number[];
  #closed = false;
  /** Outcomes are being taken out of the inbox, so it must not be filled anew. */
  #taking = false;

  /**
   * Connects to the instance that listens on `path`.
   *
   * @throws IsthmusError NO_INSTANCE, SCHEMA_MISMATCH (its detail says what differs), and the other errors of a handshake.
   */
  static async open(schema: Service, path: string, settings: Settings, owner: ChannelOwner): Promise<Channel> {
    let channel: Channel | undefined;
    let lost = 0;
    try {
      const opened = await native().open(
        path,
        schema.name,
        schema.hash,
        {
          requestRingBytes: settings.requestRingBytes,
          replyRingBytes: settings.replyRingBytes,
          maxInFlight: settings.maxInFlight,
          wait: waitModes[settings.wait],
          spinNs: settings.spinMicroseconds * 1000,
          connectTimeoutMs: settings.connectTimeoutMs,
          copy: settings.copyReplies ? 1 : 0,
        },
        (count) => channel?.takeOutcomes(count),
        (status) => {
          if (channel === undefined) lost = status;
          else channel.takeLoss(status);
        },
      );
      channel = new Channel(schema, path, opened, settings.maxInFlight, owner);
      // It may have gone before anybody could be told.
      if (lost !== 0) queueMicrotask(() => channel?.takeLoss(lost));
      return channel;
    } catch (cause) {
      if (cause instanceof IsthmusError) throw cause;
      const error = errorOfNative(cause);
      throw error.code === 'SCHEMA_MISMATCH' ? await explainMismatch(schema, path, settings, error) : error;
    }
  }

  private constructor(schema: Service, path: string, opened: NativeChannel, maxInFlight: number, owner: ChannelOwner) {
    this.path = path;
    this.#native = opened;
    this.#owner = owner;
    this.#schema = schema;
    this.#control = new Int32Array(opened.control);
    this.#outbox = memoryOf(opened.outbox);
    this.#inbox = new Uint32Array(opened.inbox);
    this.#segment = opened.segment === undefined ? undefined : memoryOf(opened.segment);
    this.#scratch = memoryOf(opened.scratch);
    this.#calls = new Array<PendingCall | undefined>(maxInFlight).fill(undefined);
    this.#free = Array.from({ length: maxInFlight }, (_, index) => maxInFlight - 1 - index);
  }

  get pid(): number {
    return this.#native.pid;
  }

  get lanes(): number {
    return this.#native.lanes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  stats(): NativeStats {
    return this.#native.stats();
  }

  /**
   * Sends a call; its outcome goes to `call` or to the owner, later.
   *
   * @throws IsthmusError `INVALID_INPUT`, `TOO_MANY_CALLS`, `RING_FULL`: nothing was sent.
   */
  submit(call: PendingCall, timeoutMs: number): void {
    const slot = this.#free[this.#free.length - 1];
    if (slot === undefined) throw new IsthmusError('TOO_MANY_CALLS');
    const size = call.form.sizeOf(call.input);
    const bytes = outboxAlign + ((size + outboxAlign - 1) & -outboxAlign);
    let at = this.#control[Control.outboxBytes] ?? 0;
    if (at + bytes > outboxBytes) {
      if (this.#taking) throw new IsthmusError('RING_FULL');
      this.#flush();
      at = this.#control[Control.outboxBytes] ?? 0;
    }
    if (bytes > outboxBytes) {
      this.#submitLarge(call, slot, size, timeoutMs);
      return;
    }
    call.form.write(call.input, this.#outbox, at + outboxAlign);
    this.#writeHeader(at, slot, call, size, timeoutMs);
    this.#begin(call, slot);
    this.#control[Control.outboxBytes] = at + bytes;
    if (this.#control[Control.inTurn] === 0) this.#flush();
  }

  /** Forgets a call: neither it nor the owner hears of it again. */
  cancel(call: PendingCall): void {
    const { slot } = call;
    if (this.#closed || this.#calls[slot] !== call) return;
    // Not in flight yet means that it still lies in the outbox: then its outcome frees the slot, and is dropped.
    if (this.#native.cancel(slot)) this.#end(slot);
  }

  /**
   * Calls and waits for the reply on this thread.
   *
   * @returns The output, or, if the call could not even be sent because the instance has gone, undefined.
   * @throws IsthmusError
   */
  callSync(
    call: Pick<PendingCall, 'method' | 'form' | 'input'>,
    timeoutMs: number,
  ): { readonly output: unknown } | undefined {
    const size = call.form.sizeOf(call.input);
    const needed = Math.max(size, call.method.outputCodec.size);
    if (needed > this.#scratch.bytes.length) this.#scratch = memoryOf(this.#native.growScratch(needed));
    call.form.write(call.input, this.#scratch, 0);
    // Calls that were made before this one, within the same turn, reach the instance before it.
    if (this.#control[Control.outboxBytes] !== 0) this.#flush();
    const status = this.#native.callSync(call.method.id, size, timeoutMs);
    const got = this.#control[Control.syncBytes] ?? 0;
    if (got < 0) {
      // A program that only ever calls synchronously never lets the event loop tell of the loss.
      this.#owner.unusable(this);
      return undefined;
    }
    if (status !== 0) throw errorOfStatus(this.#schema, status, textOf(this.#scratch, 0, got));
    return { output: call.form.read(this.#scratch, 0, got) };
  }

  /** Ends the calls in flight with CLOSED. Any number of times. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failAll(new IsthmusError('CLOSED'));
    this.#native.close();
  }

  /** The addon has filled `count` inbox entries. */
  takeOutcomes(count: number): void {
    const inbox = this.#inbox;
    this.#taking = true;
    for (let at = 0; at < count * 4; at += 4) {
      const slot = inbox[at] ?? 0;
      const status = (inbox[at + 1] ?? 0) | 0;
      const place = inbox[at + 2] ?? 0;
      const size = inbox[at + 3] ?? 0;
      const call = this.#calls[slot];
      if (call === undefined) continue;
      this.#end(slot);
      if (call.settled) continue;
      if (status === 0) this.#resolve(call, place * outboxAlign, size);
      else this.#reject(call, status, place, size);
    }
    this.#taking = false;
  }

  takeLoss(status: number): void {
    if (this.#closed) return;
    this.#closed = true;
    const error = new IsthmusError(errorCodeOf(status), { detail: this.path });
    this.#owner.unusable(this);
    this.#failAll(error);
    this.#native.close();
    this.#owner.lost(this, error);
  }

  #begin(call: PendingCall, slot: number): void {
    this.#free.pop();
    this.#calls[slot] = call;
    call.channel = this;
    call.slot = slot;
    this.inFlight += 1;
  }

  #end(slot: number): void {
    this.#calls[slot] = undefined;
    this.#free.push(slot);
    this.inFlight -= 1;
  }

  #resolve(call: PendingCall, offset: number, size: number): void {
    let value: unknown;
    try {
      value = call.form.read(this.#replyMemory(), offset, size);
      this.#inform(call);
    } catch (cause) {
      this.#owner.failed(call, cause instanceof IsthmusError ? cause : errorOfNative(cause), true, 0);
      return;
    }
    call.settled = true;
    call.stopListening?.();
    call.resolve(value);
  }

  #reject(call: PendingCall, status: number, place: number, size: number): void {
    const sent = place !== notSent;
    const detail = sent && size > 0 ? textOf(this.#replyMemory(), place * outboxAlign, size) : '';
    let error = errorOfStatus(this.#schema, status, detail);
    if (sent) {
      try {
        this.#inform(call);
      } catch (cause) {
        error = errorOfNative(cause);
      }
    } else if (error.code === 'INSTANCE_LOST' || error.code === 'PEER_CORRUPT') {
      this.#owner.unusable(this);
    }
    this.#owner.failed(call, error, sent, this.#native.leftMs(call.slot));
  }

  /** @throws TypeError when the caller's object does not take it. */
  #inform(call: PendingCall): void {
    const info = call.options?.info;
    if (info === undefined) return;
    info.instance = this.path;
    info.callId = this.#native.callId(call.slot);
  }

  /** Where this batch's payloads lie. */
  #replyMemory(): Memory {
    if (this.#control[Control.inArena] === 0 && this.#segment !== undefined) return this.#segment;
    const { arena } = this.#native;
    if (arena === undefined) throw new IsthmusError('INTERNAL', { detail: 'a reply without memory' });
    if (this.#arena?.buffer !== arena) this.#arena = { buffer: arena, memory: memoryOf(arena) };
    return this.#arena.memory;
  }

  #writeHeader(at: number, slot: number, call: PendingCall, size: number, timeoutMs: number): void {
    const { view } = this.#outbox;
    const trace = call.options?.trace;
    view.setUint32(at, slot, true);
    view.setUint32(at + 4, call.method.id, true);
    view.setUint32(at + 8, size, true);
    view.setUint32(at + 12, trace === undefined ? 0 : 1, true);
    view.setFloat64(at + 16, timeoutMs, true);
    if (trace !== undefined) writeTrace(trace, this.#outbox.bytes, at + 24);
  }

  #submitLarge(call: PendingCall, slot: number, size: number, timeoutMs: number): void {
    const memory = memoryOf(new ArrayBuffer(size));
    call.form.write(call.input, memory, 0);
    let trace: Buffer | undefined;
    if (call.options?.trace !== undefined) {
      trace = Buffer.alloc(24);
      writeTrace(call.options.trace, trace, 0);
    }
    this.#begin(call, slot);
    const status = this.#native.send(slot, call.method.id, memory.bytes, timeoutMs, trace);
    if (status === 0) return;
    this.#end(slot);
    this.#reject(call, status, notSent, 0);
  }

  #flush(): void {
    if (this.#taking) return;
    // What is sent elsewhere may come back here while the failures are being taken.
    while ((this.#control[Control.outboxBytes] ?? 0) > 0) {
      const failures = this.#native.flush();
      if (failures > 0) this.takeOutcomes(failures);
    }
  }

  #failAll(error: IsthmusError): void {
    for (const [slot, call] of this.#calls.entries()) {
      if (call === undefined) continue;
      this.#end(slot);
      if (!call.settled) this.#owner.failed(call, error, true, this.#native.leftMs(slot));
    }
  }
}

function textOf(memory: Memory, offset: number, size: number): string {
  return Buffer.from(memory.bytes.buffer, memory.bytes.byteOffset + offset, size).toString('utf8');
}

function writeTrace(trace: NonNullable<CallOptions['trace']>, bytes: Buffer, at: number): void {
  const written = bytes.write(trace.traceId, at, 16, 'hex') + bytes.write(trace.spanId, at + 16, 8, 'hex');
  if (written === 24 && trace.traceId.length === 32 && trace.spanId.length === 16) return;
  throw new IsthmusError('INVALID_ARGUMENT', {
    detail: 'trace needs a traceId of 32 and a spanId of 16 hexadecimal digits',
  });
}

/** Asks the instance for its schema, to say what differs. */
async function explainMismatch(
  schema: Service,
  path: string,
  settings: Settings,
  error: IsthmusError,
): Promise<IsthmusError> {
  try {
    const theirs = await native().describe(path, settings.connectTimeoutMs);
    const lines = diffSchemas(schema.text, theirs);
    const detail = [`${error.detail}:`, ...lines.map((line) => `  ${line}`)].join('\n');
    return new IsthmusError('SCHEMA_MISMATCH', { detail: `${path}: ${detail}` });
  } catch {
    return error;
  }
}
