import { type NativeChannel, notSent, outboxAlign, SlotBit } from '@isthmus/native';
import type { IsthmusError, Service } from '@isthmus/schema';
import type { CallTable } from './call-table.ts';
import { errorOf, errorOfStatus, isGone } from './errors.ts';
import type { Form } from './form.ts';
import { textOf } from './memory.ts';
import type { PendingCall } from './pending.ts';
import type { Pings } from './pings.ts';
import type { ReplyMemory } from './reply-memory.ts';

/** What outcomes lead to, beside what they are for their calls. */
export interface OutcomeListener {
  /** A call did not succeed. */
  failed(call: PendingCall, error: IsthmusError, sent: boolean, leftMs: number): void;
  /** The instance turned out to have gone, or to take no new calls. */
  unusable(error: IsthmusError): void;
}

export interface OutcomeSource {
  readonly schema: Service;
  /** The socket of the instance. */
  readonly path: string;
  readonly native: NativeChannel;
  readonly calls: CallTable;
  readonly pings: Pings;
  readonly replies: ReplyMemory;
}

/** Takes what comes of calls out of the inbox: see addon.h. */
export class Outcomes {
  readonly #source: OutcomeSource;
  readonly #listener: OutcomeListener;
  readonly #inbox: Uint32Array;
  #taking = false;
  /** Calls with many replies to cancel once all were taken: before that, other replies of theirs may lie there. */
  readonly #toCancel: PendingCall[] = [];

  constructor(source: OutcomeSource, listener: OutcomeListener) {
    this.#source = source;
    this.#listener = listener;
    this.#inbox = new Uint32Array(source.native.inbox);
  }

  /** They are being taken: the inbox must not be filled anew, nor what lies in the ring taken. */
  get isTaking(): boolean {
    return this.#taking;
  }

  /** The addon has filled `count` inbox entries. */
  take(count: number): void {
    const inbox = this.#inbox;
    const { calls, pings } = this.#source;
    this.#taking = true;
    for (let at = 0; at < count * 4; at += 4) {
      const slot = inbox[at] ?? 0;
      const status = (inbox[at + 1] ?? 0) | 0;
      const place = inbox[at + 2] ?? 0;
      const size = inbox[at + 3] ?? 0;
      if (slot >= SlotBit.more) {
        this.#takeMore(slot - SlotBit.more, status, place, size);
        continue;
      }
      if (slot >= SlotBit.sent) {
        this.#takeSent(slot - SlotBit.sent);
        continue;
      }
      const call = calls.at(slot);
      if (call === undefined) {
        pings.take(slot, status);
        continue;
      }
      calls.end(slot);
      if (call.settled) continue;
      if (status === 0) this.#resolve(call, place * outboxAlign, size);
      else this.reject(call, status, place, size);
    }
    this.#taking = false;
    for (let call = this.#toCancel.pop(); call !== undefined; call = this.#toCancel.pop()) this.cancel(call);
  }

  /** Nothing more comes of a call that is in flight, now or once all outcomes were taken. */
  cancel(call: PendingCall): void {
    const { calls, native } = this.#source;
    if (this.#taking) this.#toCancel.push(call);
    // Not in flight yet means that it still lies in the outbox: then its outcome frees the slot, and is dropped.
    else if (calls.has(call) && native.cancel(call.slot)) calls.end(call.slot);
  }

  /** A one-way call was sent. */
  succeed(call: PendingCall): void {
    try {
      const info = call.options?.info;
      if (info !== undefined) info.instance = this.#source.path;
    } catch (cause) {
      this.#listener.failed(call, errorOf(cause), true, 0);
      return;
    }
    settle(call, undefined);
  }

  /** A call ended with a status, and perhaps a message; or, if its place is `notSent`, did not even begin. */
  reject(call: PendingCall, status: number, place: number, size: number): void {
    const { schema, replies, native } = this.#source;
    const sent = place !== notSent;
    // Asked first: whoever hears of what follows may close the channel.
    const leftMs = native.leftMs(call.slot);
    const detail = sent && size > 0 ? textOf(replies.current, place * outboxAlign, size) : '';
    let error = errorOfStatus(schema, status, detail);
    if (sent) {
      try {
        this.#inform(call);
      } catch (cause) {
        error = errorOf(cause);
      }
    } else if (isGone(error)) {
      this.#listener.unusable(error);
    }
    this.#listener.failed(call, error, sent, leftMs);
  }

  #resolve(call: PendingCall, offset: number, size: number): void {
    let value: unknown;
    try {
      // The end of many replies is none itself.
      if (call.form.use !== undefined) value = this.#lend(call.form.use, call.wire, offset, size);
      else if (call.queue === undefined) value = call.wire.read(this.#source.replies.current, offset, size);
      this.#inform(call);
    } catch (cause) {
      this.#listener.failed(call, errorOf(cause), true, 0);
      return;
    }
    settle(call, value);
  }

  /** Has a reply used where it lies. */
  #lend(use: (reply: unknown) => unknown, form: Form, offset: number, size: number): unknown {
    const lent = this.#source.replies.lend(offset, size);
    try {
      return use(form.read(lent, 0, size));
    } finally {
      lent.end();
    }
  }

  /** One of many replies. `credit` is what it takes of the call's window; a status where the reply was lost on its way. */
  #takeMore(slot: number, credit: number, place: number, size: number): void {
    const { calls, replies, schema } = this.#source;
    const call = calls.at(slot);
    if (call === undefined) return;
    // Cancelled while it lay in the outbox, and sent all the same.
    if (call.settled) {
      this.cancel(call);
      return;
    }
    try {
      if (place === notSent) throw errorOfStatus(schema, credit, 'a reply');
      const value = call.wire.read(replies.current, place * outboxAlign, size);
      if (call.queue?.answered === false) this.#inform(call);
      call.queue?.push(value, credit);
    } catch (cause) {
      this.cancel(call);
      this.#listener.failed(call, errorOf(cause), true, 0);
    }
  }

  /** A one-way call lies in the ring: that is all that is ever heard of it. */
  #takeSent(slot: number): void {
    const { calls } = this.#source;
    const call = calls.at(slot);
    if (call === undefined) return;
    calls.end(slot);
    if (!call.settled) this.succeed(call);
  }

  /** @throws TypeError when the caller's object does not take it. */
  #inform(call: PendingCall): void {
    const info = call.options?.info;
    if (info === undefined) return;
    info.instance = this.#source.path;
    info.callId = this.#source.native.callId(call.slot);
  }
}

function settle(call: PendingCall, value: unknown): void {
  call.settled = true;
  call.stopListening?.();
  call.resolve(value);
}
