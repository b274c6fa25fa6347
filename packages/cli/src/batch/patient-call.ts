/** One call of a batch: tried again while that is safe and there is time, so that a restarting instance costs no rows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientMethod, oneOf } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';

/** The pause before a further try, in ms: half of it at least, the rest random so that rows do not come back together. */
const pauseMs = 20;

export interface PatientCallOptions {
  readonly method: ClientMethod;
  readonly idempotent: boolean;
  /** For all tries of a call together, in ms. */
  readonly timeoutMs: number;
  /** No further try once it aborts. */
  readonly signal: AbortSignal;
}

/** The output as JSON text; an empty object where there is none. */
export async function patientCall(value: unknown, options: PatientCallOptions): Promise<string> {
  const { method, timeoutMs, signal } = options;
  const end = performance.now() + timeoutMs;
  for (let left = timeoutMs; ; left = end - performance.now()) {
    try {
      // Without the signal: who stops a batch closes the client, which ends all calls for less than a listener on each.
      const call = { timeoutMs: Math.max(1, Math.ceil(left)) };
      return String((await oneOf(method.jsonText(value, call))) ?? '{}');
    } catch (error) {
      if (signal.aborted || !mayTryAgain(error, options.idempotent) || performance.now() + pauseMs >= end) throw error;
      await sleep(pauseMs / 2 + (Math.random() * pauseMs) / 2);
    }
  }
}

function mayTryAgain(error: unknown, idempotent: boolean): boolean {
  if (!(error instanceof IsthmusError)) return false;
  return error.retryable === 'always' || (error.retryable === 'idempotent' && idempotent);
}
