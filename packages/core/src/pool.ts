import { IsthmusError, type Service } from '@isthmus/schema';
import type { Caller } from './caller.ts';
import type { Channel } from './channel.ts';
import { errorOf, isGone } from './errors.ts';
import type { Form } from './form.ts';
import { Instances } from './instances.ts';
import { type Settings, timeoutOf } from './options.ts';
import { type CallOptions, type PendingCall, pendingCall } from './pending.ts';
import type { AttemptPlan } from './policies/plan.ts';
import { ReplyQueue } from './reply-queue.ts';
import { ReplyStream } from './reply-stream.ts';
import { WaitingRoom } from './waiting-room.ts';

/** How many instances a call is tried on at most. Only for calls that none of them executed: see maxExecutions. */
const maxAttempts = 4;
/** How often an idempotent call may be executed at most: once on another instance than the first. */
const maxExecutions = 2;

/** Sends calls to the least loaded instance, and again where that is safe. */
export class Pool {
  readonly instances: Instances;
  readonly settings: Settings;
  /** Calls that found no room. */
  readonly #forRoom: WaitingRoom;
  /** Calls that found no instance, while one is being connected to. */
  readonly #forInstance: WaitingRoom;
  #closed = false;

  constructor(schema: Service, settings: Settings) {
    this.settings = settings;
    this.instances = new Instances(schema, settings, {
      failed: (call, error, sent, leftMs) => this.#failed(call, error, sent, leftMs),
    });
    const giveUp = (call: PendingCall, error: IsthmusError): void => this.#settle(call, error);
    this.#forRoom = new WaitingRoom(
      settings.patienceMs,
      (call, leftMs) => {
        this.#send(call, leftMs);
        // Not with others at the end of the round: whether it found room decides whether they are tried.
        call.channel?.flush();
      },
      giveUp,
    );
    this.#forInstance = new WaitingRoom(
      settings.connectTimeoutMs,
      (call, leftMs, error) => this.#sendElsewhere(call, error, leftMs),
      giveUp,
    );
  }

  /** A call with one reply, or none. */
  call(form: Form, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => this.#start(pendingCall(form, input, options, resolve, reject)));
  }

  /** A call with many replies, which is made when the first is asked for. */
  stream(form: Form, input: unknown, options: CallOptions | undefined): ReplyStream {
    const queue = new ReplyQueue(this.settings.streamWindowBytes, {
      credit: (bytes) => call.channel?.credit(call, bytes),
      countIdle: (change) => call.channel?.countIdle(change),
    });
    const call: PendingCall = pendingCall(
      form,
      input,
      options,
      () => queue.end(),
      (error) => queue.end(error),
      queue,
    );
    return new ReplyStream(queue, {
      start: () => this.#start(call),
      cancel: () => {
        queue.cut();
        this.abandon(call);
      },
    });
  }

  callSync(form: Form, input: unknown, timeoutMs: number | undefined, caller?: Caller | undefined): unknown {
    let leftMs = timeoutOf(timeoutMs, this.settings.timeoutMs);
    // Reading the clock costs a tenth of a call, and only matters where there may be a second attempt.
    const startedMs = this.instances.channels.length > 1 ? performance.now() : 0;
    let executions = 0;
    let last: Channel | undefined;
    for (;;) {
      const channel = this.#pick(last, form);
      try {
        const result =
          channel.peer === undefined
            ? channel.callSync(form, input, leftMs, caller)
            : this.#adapting(channel, (adapted) => adapted.callSync(form, input, leftMs, caller));
        if (result !== undefined) return result.output;
      } catch (cause) {
        executions += 1;
        leftMs -= startedMs === 0 ? leftMs : performance.now() - startedMs;
        const again = isGone(cause) && form.idempotent && executions < maxExecutions && leftMs > 0;
        if (!again || this.instances.pick(channel, form) === channel) throw cause;
      }
      last = channel;
    }
  }

  /** Makes a call whose policies listen to its signal themselves. */
  attempt(call: PendingCall, timeoutMs: number): void {
    this.#send(call, timeoutMs);
  }

  /** Gives a call up: nothing more is heard of it. */
  abandon(call: PendingCall): void {
    if (call.settled) return;
    call.settled = true;
    call.stopListening?.();
    call.channel?.cancel(call);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.instances.close();
  }

  #start(call: PendingCall): void {
    const { options } = call;
    const timeoutMs =
      options === undefined ? this.settings.timeoutMs : timeoutOf(options.timeoutMs, this.settings.timeoutMs);
    if (options?.signal !== undefined) this.#listen(call, options.signal);
    if (!call.settled) this.#send(call, timeoutMs);
  }

  /** @throws IsthmusError CLOSED, NO_INSTANCE. */
  #pick(except: Channel | undefined, form: Form, plan?: AttemptPlan): Channel {
    const channel = this.#closed ? undefined : this.instances.pick(except, form, plan);
    if (channel === undefined) throw this.#nobody();
    return channel;
  }

  /** The error of a call that was sent to none. */
  #nobody(): IsthmusError {
    return this.#closed ? new IsthmusError('CLOSED') : this.instances.noInstance(false);
  }

  #send(call: PendingCall, timeoutMs: number): void {
    try {
      const channel = this.#pick(call.channel, call.form, call.plan);
      call.plan?.admit(channel, timeoutMs);
      call.attempts += 1;
      if (channel.peer === undefined) channel.submit(call, timeoutMs);
      else this.#adapting(channel, (adapted) => adapted.submit(call, timeoutMs));
    } catch (cause) {
      this.#failed(call, errorOf(cause), false, timeoutMs);
    }
  }

  /**
   * Tries a channel to another version of the schema. Where that lacks what the input has, an instance of our own version is
   * tried instead, if there is one: while instances are being replaced, calls must not fail by chance.
   */
  #adapting<Result>(channel: Channel, attempt: (channel: Channel) => Result): Result {
    try {
      return attempt(channel);
    } catch (cause) {
      // Only what was found before sending names fields.
      const lacking = cause instanceof IsthmusError && cause.code === 'INVALID_INPUT' && cause.fields.length > 0;
      const exact = lacking ? this.instances.pickExact() : undefined;
      if (exact === undefined) throw cause;
      return attempt(exact);
    }
  }

  #settle(call: PendingCall, error: IsthmusError): void {
    if (call.settled) return;
    call.settled = true;
    call.stopListening?.();
    call.reject(error);
  }

  #failed(call: PendingCall, error: IsthmusError, sent: boolean, leftMs: number): void {
    if (call.settled) return;
    // An instance that ends refuses what it has not begun.
    const refused = error.code === 'INSTANCE_DRAINING' && call.queue?.answered !== true;
    if (sent && !refused) call.executions += 1;
    // However many are being replaced at once: each that drains is picked no more.
    if (!sent && refused) call.attempts -= 1;
    if (!sent && isFull(error)) {
      call.attempts -= 1;
      // All that waited for the same instance come to it at once.
      const { connectTimeoutMs, patienceMs } = this.settings;
      this.#forRoom.enter(
        call,
        error,
        leftMs,
        call.hadNoInstance ? Math.max(connectTimeoutMs, patienceMs) : patienceMs,
      );
    } else if (!sent && error.code === 'NO_INSTANCE' && this.instances.areComing) {
      this.#awaitInstance(call, error, leftMs);
    } else if (isGone(error) && leftMs > 0 && call.attempts < maxAttempts && this.#mayRepeat(call)) {
      this.#sendElsewhere(call, error, leftMs);
    } else {
      this.#settle(call, error);
    }
  }

  #mayRepeat(call: PendingCall): boolean {
    if (call.executions === 0) return true;
    if (call.plan?.hasRetries === true) return false;
    // Replies that were handed out would come a second time.
    return call.wire.idempotent && call.executions < maxExecutions && call.queue?.answered !== true;
  }

  #sendElsewhere(call: PendingCall, error: IsthmusError, leftMs: number): void {
    const { instances } = this;
    const other = instances.pick(call.channel, call.form, call.plan);
    // A call that was never sent can be told from one that may have been executed.
    const neverSent = call.executions === 0;
    const last = neverSent ? this.#nobody() : error;
    if (other !== undefined && other !== call.channel) this.#send(call, leftMs);
    else if (neverSent && instances.areComing) this.#awaitInstance(call, last, leftMs);
    else this.#settle(call, last);
  }

  #awaitInstance(call: PendingCall, error: IsthmusError, leftMs: number): void {
    call.hadNoInstance = true;
    this.#forInstance.enter(call, error, leftMs);
  }

  #listen(call: PendingCall, signal: AbortSignal): void {
    const cancel = (): void => {
      const error = new IsthmusError('CANCELLED', { cause: signal.reason });
      call.queue?.cut(error);
      call.channel?.cancel(call);
      this.#settle(call, error);
    };
    if (signal.aborted) {
      cancel();
      return;
    }
    signal.addEventListener('abort', cancel, { once: true });
    call.stopListening = () => signal.removeEventListener('abort', cancel);
  }
}

function isFull(error: IsthmusError): boolean {
  return error.code === 'RING_FULL' || error.code === 'TOO_MANY_CALLS';
}
