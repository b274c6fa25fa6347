import type { IsthmusError, Method } from '@isthmus/schema';
import type { Channel } from './channel.ts';
import type { Form } from './form.ts';

/** W3C trace context of a call: reaches the handler, and goes along in logs. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/** Filled in by a call that is given one, once the call has ended. */
export interface CallInfo {
  /** The call's id, unique within its channel. */
  callId?: bigint;
  /** The socket of the instance that had the call. */
  instance?: string;
}

export interface CallOptions {
  /** How long the call may take, in ms. Default: the client's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call with CANCELLED; the handler may still run. */
  readonly signal?: AbortSignal | undefined;
  readonly trace?: TraceContext | undefined;
  readonly info?: CallInfo | undefined;
}

/** A call from the moment it is made until it is settled, through every attempt. */
export interface PendingCall {
  readonly method: Method;
  readonly form: Form;
  readonly input: unknown;
  readonly options: CallOptions | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: IsthmusError) => void;
  /** When it first found no room, on performance.now()'s clock; 0: it always found some. */
  waitingSinceMs: number;
  /** How often it was handed to a channel that was not full. */
  attempts: number;
  /** How many of these an instance may have executed. */
  executions: number;
  settled: boolean;
  /** Where it is in flight. */
  channel: Channel | undefined;
  slot: number;
  /** Takes the abort listener away. */
  stopListening: (() => void) | undefined;
}
