import { IsthmusError, type Method, type Service } from '@isthmus/schema';
import type { Channel } from './channel.ts';
import type { Form } from './form.ts';
import { Instances } from './instances.ts';
import { type Settings, timeoutOf } from './options.ts';
import type { CallOptions, PendingCall } from './pending.ts';

/** How long a call without room waits before it looks again, in ms. */
const roomRetryMs = 1;
/** A call is sent at most this often, whatever the reasons. */
const maxAttempts = 4;

/** Sends calls to the least loaded instance, and again where that is safe. */
export class Pool {
  readonly instances: Instances;
  readonly #settings: Settings;
  #closed = false;

  constructor(schema: Service, settings: Settings) {
    this.#settings = settings;
    this.instances = new Instances(schema, settings, {
      failed: (call, error, sent) => this.#failed(call, error, sent),
    });
  }

  call(method: Method, form: Form, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call: PendingCall = {
        method,
        form,
        input,
        options,
        resolve,
        reject,
        timeoutMs:
          options === undefined ? this.#settings.timeoutMs : timeoutOf(options.timeoutMs, this.#settings.timeoutMs),
        startedMs: 0,
        attempts: 0,
        settled: false,
        channel: undefined,
        slot: 0,
        stopListening: undefined,
      };
      if (options?.signal !== undefined) this.#listen(call, options.signal);
      if (!call.settled) this.#send(call, call.timeoutMs);
    });
  }

  callSync(method: Method, form: Form, input: unknown, timeoutMs: number | undefined): unknown {
    const timeout = timeoutOf(timeoutMs, this.#settings.timeoutMs);
    const call = { method, form, input };
    const channel = this.#pick(undefined);
    try {
      return channel.callSync(call, timeout);
    } catch (cause) {
      const lost = cause instanceof IsthmusError && (cause.code === 'INSTANCE_LOST' || cause.code === 'PEER_CORRUPT');
      const other = lost && method.idempotent ? this.instances.pick(channel) : undefined;
      if (other === undefined || other === channel) throw cause;
      return other.callSync(call, timeout);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.instances.close();
  }

  /** @throws IsthmusError CLOSED, NO_INSTANCE. */
  #pick(except: Channel | undefined): Channel {
    if (this.#closed) throw new IsthmusError('CLOSED');
    const channel = this.instances.pick(except);
    if (channel === undefined) throw this.instances.noInstance(false);
    return channel;
  }

  #send(call: PendingCall, timeoutMs: number): void {
    try {
      const channel = this.#pick(call.channel);
      call.attempts += 1;
      channel.submit(call, timeoutMs);
    } catch (cause) {
      if (cause instanceof IsthmusError) this.#failed(call, cause, false);
      else this.#settle(call, new IsthmusError('INTERNAL', { detail: String(cause), cause }));
    }
  }

  #settle(call: PendingCall, error: IsthmusError): void {
    if (call.settled) return;
    call.settled = true;
    call.stopListening?.();
    call.reject(error);
  }

  #failed(call: PendingCall, error: IsthmusError, sent: boolean): void {
    if (call.settled) return;
    const { code } = error;
    if (code === 'RING_FULL' || code === 'TOO_MANY_CALLS') {
      this.#waitForRoom(call, error);
    } else if ((code === 'INSTANCE_LOST' || code === 'PEER_CORRUPT') && (!sent || call.method.idempotent)) {
      this.#sendElsewhere(call, error);
    } else {
      this.#settle(call, error);
    }
  }

  #leftMs(call: PendingCall, limitMs: number): number {
    return limitMs - (performance.now() - call.startedMs);
  }

  /** Safe, because a call that found no room was not sent. */
  #waitForRoom(call: PendingCall, error: IsthmusError): void {
    const now = performance.now();
    if (call.startedMs === 0) call.startedMs = now;
    const limitMs = Math.min(this.#settings.patienceMs, call.timeoutMs);
    if (this.#leftMs(call, limitMs) <= 0) {
      this.#settle(call, error);
      return;
    }
    setTimeout(() => {
      if (call.settled) return;
      call.attempts -= 1;
      this.#send(call, Math.max(this.#leftMs(call, call.timeoutMs), 0.001));
    }, roomRetryMs);
  }

  #sendElsewhere(call: PendingCall, error: IsthmusError): void {
    const { channel } = call;
    const other = this.instances.pick(channel);
    if (call.attempts >= maxAttempts || other === undefined || other === channel) {
      this.#settle(call, error);
      return;
    }
    // Executed at most twice: a call that may have been executed is tried on one other instance, not on all.
    if (call.attempts > 1 && call.method.idempotent) call.attempts = maxAttempts;
    this.#send(call, call.timeoutMs);
  }

  #listen(call: PendingCall, signal: AbortSignal): void {
    const cancel = (): void => {
      call.channel?.cancel(call);
      this.#settle(call, new IsthmusError('CANCELLED', { cause: signal.reason }));
    };
    if (signal.aborted) {
      cancel();
      return;
    }
    signal.addEventListener('abort', cancel, { once: true });
    call.stopListening = () => signal.removeEventListener('abort', cancel);
  }
}
