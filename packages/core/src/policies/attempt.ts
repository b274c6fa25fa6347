import type { IsthmusError } from '@isthmus/schema';
import type { Channel } from '../channel.ts';
import { errorOf } from '../errors.ts';
import type { Form } from '../form.ts';
import type { CallOptions, PendingCall } from '../pending.ts';
import { pendingCall } from '../pending.ts';
import type { Pool } from '../pool.ts';
import type { ReplyQueue } from '../reply-queue.ts';
import { onAbort } from './on-abort.ts';
import type { AttemptPlan } from './plan.ts';

/** A call as its caller made it. */
export interface Asked {
  readonly form: Form;
  readonly input: unknown;
  readonly options: CallOptions | undefined;
  /** The time it was given, and when that is over, on performance.now()'s clock. */
  readonly hadMs: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  /** Takes many replies. */
  readonly queue: ReplyQueue | undefined;
}

/** Who decides about attempts, and learns from them. */
export interface AttemptOwner {
  readonly pool: Pool;
  readonly hasRetries: boolean;
  isPassedOver(channel: Channel): boolean;
  /** @throws IsthmusError `OVERLOADED` */
  admit(channel: Channel, leftMs: number): void;
  /** `error`: undefined where it was answered. */
  ended(attempt: Attempt, error: IsthmusError | undefined): void;
}

/** One attempt at a call. */
export class Attempt implements AttemptPlan {
  readonly asked: Asked;
  readonly avoided: Channel | undefined;
  readonly call: PendingCall;
  /** The reply; of many, that the first has come, or that there is none. */
  readonly answer: Promise<unknown>;
  /** Of many replies: that the last has come. */
  readonly end: Promise<void>;
  pinned: Channel | undefined;
  /** Where it was sent, when, and how many calls were in flight there. */
  channel: Channel | undefined;
  sentMs = 0;
  ahead = 0;
  readonly #owner: AttemptOwner;
  readonly #answered: (value: unknown) => void;
  readonly #failed: (error: IsthmusError) => void;
  readonly #stopListening: () => void;

  constructor(owner: AttemptOwner, asked: Asked, avoided: Channel | undefined) {
    this.#owner = owner;
    this.asked = asked;
    this.avoided = avoided;
    const answer = Promise.withResolvers<unknown>();
    const end = Promise.withResolvers<void>();
    this.answer = answer.promise;
    this.end = end.promise;
    // Of either only one may be waited for.
    answer.promise.catch(() => {});
    end.promise.catch(() => {});
    let open = true;
    this.#answered = (value) => {
      if (open) owner.ended(this, undefined);
      open = false;
      answer.resolve(value);
    };
    this.#failed = (error) => {
      this.#stopListening();
      if (open) owner.ended(this, error);
      open = false;
      answer.reject(error);
      end.reject(error);
    };
    this.call = pendingCall(
      asked.form,
      asked.input,
      asked.options,
      (value) => {
        this.#stopListening();
        this.#answered(value);
        end.resolve();
      },
      this.#failed,
      asked.queue,
      this,
    );
    this.#stopListening = onAbort(asked.signal, (error) => {
      owner.pool.abandon(this.call);
      this.#failed(error);
    });
  }

  get hasRetries(): boolean {
    return this.#owner.hasRetries;
  }

  /** Whether it may be made again: an instance that has executed it does not mind, or none has. */
  get isRepeatable(): boolean {
    return this.call.executions === 0 || (this.call.wire.idempotent && this.asked.queue?.answered !== true);
  }

  isPassedOver(channel: Channel): boolean {
    return this.#owner.isPassedOver(channel);
  }

  admit(channel: Channel, leftMs: number): void {
    this.#owner.admit(channel, leftMs);
    this.channel = channel;
    this.sentMs = performance.now();
    this.ahead = channel.inFlight;
  }

  /** Sends it; `ready`: once that is so. */
  send(ready: Promise<unknown> | undefined): void {
    if (ready === undefined) this.#send();
    else
      ready.then(
        () => this.#send(),
        (cause: unknown) => this.fail(errorOf(cause)),
      );
  }

  /** Of many replies: the first has come. */
  open(): void {
    this.#answered(undefined);
  }

  /** Ends it here. */
  fail(error: IsthmusError): void {
    if (this.call.settled) return;
    this.#owner.pool.abandon(this.call);
    this.#failed(error);
  }

  /** Another was faster: nobody hears of it any more. */
  abandon(): void {
    this.#stopListening();
    this.#owner.pool.abandon(this.call);
  }

  #send(): void {
    if (this.call.settled) return;
    // A deadline that has passed meanwhile ends the call as any other does.
    const leftMs = Math.max(this.asked.deadlineMs - performance.now(), 0.001);
    this.#owner.pool.attempt(this.call, leftMs);
  }
}
