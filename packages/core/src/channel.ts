import {
  Control,
  type NativeChannel,
  type NativeRegion,
  type NativeStats,
  notSent,
  replyCounts,
} from '@isthmus/native';
import { errorCodeOf, IsthmusError, regionLayoutOf, type Service, type ServiceRegion } from '@isthmus/schema';
import { CallTable } from './call-table.ts';
import { type Caller, metadataOf } from './caller.ts';
import { errorOf } from './errors.ts';
import type { Form } from './form.ts';
import { native } from './native.ts';
import { nativeOptionsOf, type Settings } from './options.ts';
import { metadataRoom, Outbox } from './outbox.ts';
import { Outcomes } from './outcomes.ts';
import type { Peer } from './peer.ts';
import type { PendingCall } from './pending.ts';
import { type LanePing, Pings } from './pings.ts';
import { nativeTypeOf, ownWireRegion, type WireRegion } from './regions/wire.ts';
import { ReplyMemory } from './reply-memory.ts';
import { maxRequestOf, requestOf } from './request.ts';
import { SyncCalls } from './sync-calls.ts';
import { type TraceContext, traceBytes, writeTrace } from './trace.ts';

/** How many microtasks after its reply a caller may make its next call and still have it sent at once: async functions in between take some. */
const maxHops = 4;
const resolved = Promise.resolve();

/** What a channel tells its owner. */
export interface ChannelOwner {
  /** A call did not succeed. `sent`: the instance may have executed it. `leftMs`: until the call's deadline. */
  failed(call: PendingCall, error: IsthmusError, sent: boolean, leftMs: number): void;
  /** The instance turned out to have gone: nothing more should be sent to it. `lost` comes later. */
  unusable(channel: Channel): void;
  /** The instance ends and takes no new calls; `drained` or `lost` comes later. */
  draining(channel: Channel): void;
  /** It is draining, and its last call has ended: the channel has closed itself. */
  drained(channel: Channel): void;
  /** The instance has gone; its calls have failed already. */
  lost(channel: Channel, error: IsthmusError): void;
}

/**
 * One client's connection to one instance: the JavaScript half of what addon.h describes.
 *
 * Requests are written straight into the outbox, replies are decoded straight out of shared memory.
 */
export class Channel {
  readonly path: string;
  /** The instance's version of the schema, where it is another one than ours. */
  readonly peer: Peer | undefined;
  readonly #native: NativeChannel;
  readonly #owner: ChannelOwner;
  /** The most bytes of a request. */
  readonly #maxRequest: number;
  readonly #control: Int32Array;
  readonly #outbox: Outbox;
  readonly #calls: CallTable;
  readonly #outcomes: Outcomes;
  readonly #sync: SyncCalls;
  readonly #pings: Pings;
  /** How many microtasks this has waited for a continuation to make the next call. */
  #hops = 0;
  #draining = false;
  #closed = false;
  /** When the calls go that follow the first of a round of the event loop; undefined: there was none in this one. */
  #endOfRound: NodeJS.Immediate | undefined;

  /**
   * Connects to the instance that listens on `path`, if its schema is ours, or the one that `peer` stands for.
   *
   * @throws IsthmusError NO_INSTANCE, SCHEMA_MISMATCH, and the other errors of a handshake.
   */
  static async open(
    schema: Service,
    path: string,
    settings: Settings,
    owner: ChannelOwner,
    peer?: Peer,
  ): Promise<Channel> {
    let channel: Channel | undefined;
    let early = 0;
    try {
      const opened = await native().open(
        path,
        {
          name: schema.name,
          hash: peer?.hash ?? schema.hash,
          text: '',
          regions: (peer?.regionLayouts ?? schema.regionList.map(regionLayoutOf)).map(nativeTypeOf),
        },
        nativeOptionsOf(settings),
        (count) => {
          if (channel !== undefined) channel.#takeInTurn(count);
        },
        (status) => {
          if (channel === undefined) early = status;
          else channel.#takeStatus(status);
        },
      );
      const made = new Channel(schema, path, opened, settings, owner, peer);
      channel = made;
      // It may have gone before anybody could be told.
      if (early !== 0) queueMicrotask(() => made.#takeStatus(early));
      return made;
    } catch (cause) {
      throw errorOf(cause);
    }
  }

  private constructor(
    schema: Service,
    path: string,
    opened: NativeChannel,
    settings: Settings,
    owner: ChannelOwner,
    peer: Peer | undefined,
  ) {
    this.path = path;
    this.peer = peer;
    this.#native = opened;
    this.#owner = owner;
    this.#maxRequest = maxRequestOf(settings);
    this.#control = new Int32Array(opened.control);
    this.#outbox = new Outbox(opened.outbox, this.#control);
    this.#calls = new CallTable(settings.maxInFlight);
    this.#pings = new Pings(opened, settings.maxInFlight);
    this.#outcomes = new Outcomes(
      {
        schema,
        path,
        native: opened,
        calls: this.#calls,
        pings: this.#pings,
        replies: new ReplyMemory(opened, this.#control),
      },
      { failed: owner.failed, unusable: (error) => this.#becomeUnusable(error) },
    );
    this.#sync = new SyncCalls(schema, opened, this.#control, this.#maxRequest);
  }

  get pid(): number {
    return this.#native.pid;
  }

  get lanes(): number {
    return this.#native.lanes;
  }

  /** How many calls are. */
  get inFlight(): number {
    return this.#calls.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The instance ends: what is in flight is answered, and nothing else is sent. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Asks each serving thread for a sign of life. Undefined: the channel was closed meanwhile. Never rejects. */
  async ping(timeoutMs: number): Promise<readonly LanePing[] | undefined> {
    const lanes = await this.#pings.all(timeoutMs);
    return this.#closed || this.#native.stats().status !== 0 ? undefined : lanes;
  }

  stats(): NativeStats {
    return this.#native.stats();
  }

  /**
   * Sends a call; its outcome goes to `call` or to the owner, later.
   *
   * @throws IsthmusError `INVALID_INPUT`, `INVALID_ARGUMENT`, `RECORD_TOO_LARGE`, `TOO_MANY_CALLS`, `RING_FULL`, and, where the instance's schema
   *   is another version, `UNKNOWN_METHOD` and `SCHEMA_MISMATCH`: nothing was sent.
   */
  submit(call: PendingCall, timeoutMs: number): void {
    if (this.#calls.isFull) throw new IsthmusError('TOO_MANY_CALLS');
    const form = this.peer === undefined ? call.form : this.peer.formOf(call.form);
    const { options } = call;
    const trace = options?.trace;
    const metadata = options?.caller === undefined ? undefined : metadataOf(options.caller);
    const size = this.#outbox.write(form, call.input, trace, metadata);
    if (size >= 0) this.#send(call, form, size, timeoutMs, trace !== undefined, metadata);
    else this.#submitLarge(call, form, timeoutMs, trace, metadata);
  }

  /** Sends what was written at once: what finds no room has failed when this returns. */
  flush(): void {
    if (!this.#closed) this.#flush();
  }

  /** Forgets a call: neither it nor the owner hears of it again. */
  cancel(call: PendingCall): void {
    if (!this.#closed && this.#calls.has(call)) this.#outcomes.cancel(call);
    this.#closeIfDrained();
  }

  /** Of a call with many replies: so many bytes of them were consumed, so that as many more may come. */
  credit(call: PendingCall, bytes: number): void {
    if (!this.#closed && this.#calls.has(call)) this.#native.credit(call.slot, bytes);
  }

  /** One more, or one less, of the calls with many replies is not waited for: those do not keep the process alive. */
  countIdle(change: 1 | -1): void {
    const control = this.#control;
    control[Control.idleStreams] = (control[Control.idleStreams] ?? 0) + change;
    if (change < 0 && control[Control.inTurn] === 0 && !this.#closed) this.#native.waitAnew();
  }

  /**
   * Calls and waits for the reply on this thread.
   *
   * @returns The output, or, if the call was not even sent because the instance has gone or takes no new ones, undefined.
   * @throws IsthmusError
   */
  callSync(
    own: Form,
    input: unknown,
    timeoutMs: number,
    caller?: Caller | undefined,
  ): { readonly output: unknown } | undefined {
    // The replies that are being taken lie in the ring that this would take others from.
    if (this.#outcomes.isTaking)
      throw new IsthmusError('INVALID_ARGUMENT', { detail: 'a synchronous call while replies are read' });
    const form = this.peer === undefined ? own : this.peer.formOf(own);
    const metadata = caller === undefined ? undefined : metadataOf(caller);
    const size = this.#sync.write(form, input, metadata);
    // Calls that were made before this one, within the same turn, reach the instance before it.
    if (this.#outbox.used > 0) this.#flush();
    if (this.#closed) return undefined;
    const result = this.#sync.call(form, size, timeoutMs, metadata);
    // A program that only ever calls synchronously never lets the event loop tell of the loss.
    if (result === undefined) this.#becomeUnusable(this.#sync.refusal);
    return result;
  }

  /**
   * The instance's region, which outlives the channel, and how it is laid out there.
   *
   * @throws IsthmusError `UNKNOWN_REGION`, `CLOSED`, `OUT_OF_MEMORY`.
   */
  region(region: ServiceRegion): { readonly wire: WireRegion; readonly native: NativeRegion } {
    const wire = this.peer === undefined ? ownWireRegion(region) : this.peer.regionOf(region);
    try {
      return { wire, native: this.#native.region(wire.id) };
    } catch (cause) {
      throw errorOf(cause);
    }
  }

  /** Ends the calls in flight with CLOSED. Any number of times. */
  close(): void {
    if (this.#closed) return;
    this.#end(new IsthmusError('CLOSED'));
  }

  /** The addon says what has become of the instance. */
  #takeStatus(status: number): void {
    if (this.#closed) return;
    const error = new IsthmusError(errorCodeOf(status), { detail: this.path });
    this.#becomeUnusable(error);
    if (error.code === 'INSTANCE_DRAINING') return;
    this.#end(error);
    this.#owner.lost(this, error);
  }

  /** Nothing more is sent; what is in flight may still be answered. Any number of times. */
  #becomeUnusable(error: IsthmusError): void {
    if (error.code !== 'INSTANCE_DRAINING') {
      this.#owner.unusable(this);
      return;
    }
    if (!this.#draining) {
      this.#draining = true;
      this.#owner.draining(this);
    }
    this.#closeIfDrained();
  }

  /** The instance waits for its clients to leave. */
  #closeIfDrained(): void {
    if (!this.#draining || this.#closed || this.inFlight > 0) return;
    if (this.#outcomes.isTaking || this.#outbox.isWriting) return;
    // It was the end of the instance that ended its calls, which is told next.
    if (this.#native.stats().status !== 0) return;
    this.#end(new IsthmusError('INSTANCE_DRAINING', { detail: this.path }));
    this.#owner.drained(this);
  }

  #end(error: IsthmusError): void {
    this.#closed = true;
    this.#pings.close();
    this.#failAll(error);
    this.#native.close();
  }

  /** The addon has filled the inbox. */
  #take(count: number): void {
    this.#outcomes.take(count);
    this.#closeIfDrained();
  }

  /** The same within a turn, which goes on here, where the next outcomes cost one crossing and no callback. */
  #takeInTurn(count: number): void {
    this.#take(count);
    this.#hops = 0;
    void resolved.then(this.#next);
  }

  /** Runs as a microtask behind the continuations of the calls that have ended. */
  readonly #next = (): void => {
    if (this.#closed) return;
    if (this.#outbox.used > 0) {
      const count = this.#native.next();
      if (count > 0) this.#takeInTurn(count);
    } else if (++this.#hops < maxHops) {
      void resolved.then(this.#next);
    }
  };

  /**
   * Sends what was written into the outbox; within a turn, together with what comes next. Outside of one the first call of a round of
   * the event loop goes at once, and the others of that round together at its end: a gateway that reads requests from 64 sockets
   * wakes the instance twice and not 64 times.
   */
  #send(
    call: PendingCall,
    form: Form,
    size: number,
    timeoutMs: number,
    hasTrace: boolean,
    metadata: Uint8Array | undefined,
  ): void {
    this.#outbox.add(this.#calls.begin(call, this, form), form, size, timeoutMs, hasTrace, metadata);
    if (this.#control[Control.inTurn] !== 0 || this.#endOfRound !== undefined) return;
    this.#endOfRound = setImmediate(this.#flushRound);
    this.#flush();
  }

  readonly #flushRound = (): void => {
    this.#endOfRound = undefined;
    this.#flush();
  };

  /** For what the outbox has no room for, or not now. */
  #submitLarge(
    call: PendingCall,
    form: Form,
    timeoutMs: number,
    trace: TraceContext | undefined,
    metadata: Uint8Array | undefined,
  ): void {
    if (!this.#outbox.isWriting && this.#outbox.used > 0) {
      this.#makeRoom();
      this.#checkOpen();
      const size = this.#outbox.write(form, call.input, trace, metadata);
      if (size >= 0) {
        this.#send(call, form, size, timeoutMs, trace !== undefined, metadata);
        return;
      }
    }
    const request = requestOf(form, call.input, this.#maxRequest - metadataRoom(metadata));
    this.#checkOpen();
    const traceMemory = trace === undefined ? undefined : Buffer.alloc(traceBytes);
    if (trace !== undefined && traceMemory !== undefined) writeTrace(trace, traceMemory, 0);
    const slot = this.#calls.begin(call, this, form);
    const status = this.#native.send(slot, form.id, form.replies, request, timeoutMs, traceMemory, metadata);
    if (status === 0 && form.replies !== replyCounts.none) return;
    this.#calls.end(slot);
    if (status === 0) this.#outcomes.succeed(call);
    else this.#outcomes.reject(call, status, notSent, 0);
  }

  /** What was done to write a request, such as to make room for it or to read it, may have ended the channel. */
  #checkOpen(): void {
    if (this.#closed) throw new IsthmusError(this.#draining ? 'INSTANCE_DRAINING' : 'CLOSED', { detail: this.path });
  }

  /** Empties the outbox. @throws IsthmusError `RING_FULL` */
  #makeRoom(): void {
    if (this.#outcomes.isTaking) throw new IsthmusError('RING_FULL');
    this.#flush();
  }

  #flush(): void {
    if (this.#outcomes.isTaking || this.#outbox.isWriting) return;
    // What is sent elsewhere may come back here while the failures are being taken.
    while (!this.#closed && this.#outbox.used > 0) {
      const outcomes = this.#native.flush();
      if (outcomes > 0) this.#take(outcomes);
    }
  }

  #failAll(error: IsthmusError): void {
    for (const call of this.#calls.endAll()) {
      if (!call.settled) this.#owner.failed(call, error, true, this.#native.leftMs(call.slot));
    }
  }
}
