import type { IsthmusError } from '@isthmus/schema';
import type { Caller } from './caller.ts';
import type { Channel } from './channel.ts';
import type { Form } from './form.ts';
import type { AttemptPlan } from './policies/plan.ts';
import type { ReplyQueue } from './reply-queue.ts';
import type { TraceContext } from './trace.ts';

/** Filled in by a call that is given one, once the call has ended; of many replies, with the first one. */
export interface CallInfo {
  /** The call's id, unique within its channel. A one-way call has none. */
  callId?: bigint;
  /** The socket of the instance that had the call. */
  instance?: string;
}

export interface CallOptions {
  /** How long the call may take, in ms; of many replies, how long each of them may. Default: the client's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call with CANCELLED; the handler may still run. */
  readonly signal?: AbortSignal | undefined;
  readonly trace?: TraceContext | undefined;
  /** For whom the call is. Default: nobody in particular. */
  readonly caller?: Caller | undefined;
  readonly info?: CallInfo | undefined;
}

/** A call from the moment it is made until it is settled, through every attempt. */
export interface PendingCall {
  /** As the caller's own schema has it. */
  readonly form: Form;
  readonly input: unknown;
  readonly options: CallOptions | undefined;
  /** With the one reply; with nothing once a one-way call is sent, and at the end of many replies. */
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: IsthmusError) => void;
  /** Takes many replies. */
  readonly queue: ReplyQueue | undefined;
  /** What policies ask of it, where its method has some. */
  readonly plan: AttemptPlan | undefined;
  /** How often it was handed to a channel that was not full. */
  attempts: number;
  /** How many of these an instance may have executed. */
  executions: number;
  settled: boolean;
  /** There was a moment in which it could be sent to none. */
  hadNoInstance: boolean;
  /** Where it is in flight, and the form as the instance there has it. */
  channel: Channel | undefined;
  wire: Form;
  slot: number;
  /** Takes the abort listener away. */
  stopListening: (() => void) | undefined;
}

/** A call that was not made yet. */
export function pendingCall(
  form: Form,
  input: unknown,
  options: CallOptions | undefined,
  resolve: (value: unknown) => void,
  reject: (error: IsthmusError) => void,
  queue?: ReplyQueue,
  plan?: AttemptPlan,
): PendingCall {
  return {
    form,
    input,
    options,
    resolve,
    reject,
    queue,
    plan,
    attempts: 0,
    executions: 0,
    settled: false,
    hadNoInstance: false,
    channel: undefined,
    wire: form,
    slot: 0,
    stopListening: undefined,
  };
}
