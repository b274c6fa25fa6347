import { IsthmusError, type Method, type Service } from '@isthmus/schema';
import type { Channel } from './channel.ts';
import type { Form } from './form.ts';
import { Instances } from './instances.ts';
import { type Settings, timeoutOf } from './options.ts';
import type { CallOptions, PendingCall } from './pending.ts';
import { WaitingRoom } from './waiting-room.ts';

/** How many instances a call is tried on at most. Only for calls that none of them executed: see maxExecutions. */
const maxAttempts = 4;
/** How often an idempotent call may be executed at most: once on another instance than the first. */
const maxExecutions = 2;

/** Sends calls to the least loaded instance, and again where that is safe. */
export class Pool {
  readonly instances: Instances;
  readonly #settings: Settings;
  readonly #waitingRoom: WaitingRoom;
  #closed = false;

  constructor(schema: Service, settings: Settings) {
    this.#settings = settings;
    this.instances = new Instances(schema, settings, {
      failed: (call, error, sent, leftMs) => this.#failed(call, error, sent, leftMs),
    });
    this.#waitingRoom = new WaitingRoom(
      settings.patienceMs,
      (call, timeoutMs) => this.#send(call, timeoutMs),
      (call, error) => this.#settle(call, error),
    );
  }

  call(method: Method, form: Form, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timeoutMs =
        options === undefined ? this.#settings.timeoutMs : timeoutOf(options.timeoutMs, this.#settings.timeoutMs);
      const call: PendingCall = {
        method,
        form,
        input,
        options,
        resolve,
        reject,
        waitingSinceMs: 0,
        attempts: 0,
        executions: 0,
        settled: false,
        channel: undefined,
        slot: 0,
        stopListening: undefined,
      };
      if (options?.signal !== undefined) this.#listen(call, options.signal);
      if (!call.settled) this.#send(call, timeoutMs);
    });
  }

  callSync(method: Method, form: Form, input: unknown, timeoutMs: number | undefined): unknown {
    let leftMs = timeoutOf(timeoutMs, this.#settings.timeoutMs);
    const call = { method, form, input };
    // Reading the clock costs a tenth of a call, and only matters where there may be a second attempt.
    const startedMs = this.instances.channels.length > 1 ? performance.now() : 0;
    let executions = 0;
    let last: Channel | undefined;
    for (;;) {
      const channel = this.#pick(last);
      try {
        const result = channel.callSync(call, leftMs);
        if (result !== undefined) return result.output;
      } catch (cause) {
        executions += 1;
        leftMs -= startedMs === 0 ? leftMs : performance.now() - startedMs;
        const again = isLoss(cause) && method.idempotent && executions < maxExecutions && leftMs > 0;
        if (!again || this.instances.pick(channel) === channel) throw cause;
      }
      last = channel;
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
      const error =
        cause instanceof IsthmusError ? cause : new IsthmusError('INTERNAL', { detail: String(cause), cause });
      this.#failed(call, error, false, timeoutMs);
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
    if (sent) call.executions += 1;
    if (!sent && isFull(error)) {
      call.attempts -= 1;
      this.#waitingRoom.enter(call, error, leftMs);
    } else if (isLoss(error) && leftMs > 0 && call.attempts < maxAttempts && this.#mayRepeat(call)) {
      this.#sendElsewhere(call, error, leftMs);
    } else {
      this.#settle(call, error);
    }
  }

  #mayRepeat(call: PendingCall): boolean {
    return call.executions === 0 || (call.method.idempotent && call.executions < maxExecutions);
  }

  #sendElsewhere(call: PendingCall, error: IsthmusError, leftMs: number): void {
    const other = this.instances.pick(call.channel);
    if (other !== undefined && other !== call.channel) this.#send(call, leftMs);
    // A call that was never sent can be told from one that may have been executed.
    else this.#settle(call, call.executions === 0 ? this.instances.noInstance(false) : error);
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

function isFull(error: IsthmusError): boolean {
  return error.code === 'RING_FULL' || error.code === 'TOO_MANY_CALLS';
}

function isLoss(error: unknown): boolean {
  return error instanceof IsthmusError && (error.code === 'INSTANCE_LOST' || error.code === 'PEER_CORRUPT');
}
