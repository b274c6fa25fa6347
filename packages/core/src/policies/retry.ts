import { ExponentialBackoff, fullJitterGenerator, type IBackoff } from 'cockatiel';
import { errorOf } from '../errors.ts';
import type { Budget } from './budget.ts';
import { pause } from './on-abort.ts';
import type { RetrySettings } from './types.ts';
import { mayRetry } from './verdict.ts';

export interface Retrying {
  readonly settings: RetrySettings;
  readonly budget: Budget;
  /** On performance.now()'s clock. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  /** Whether the attempt that failed last may be made again. */
  isRepeatable(): boolean;
}

/**
 * Makes attempts until one succeeds, or another makes no sense: the error would only come again, the call may not be made
 * twice, there were enough, the budget is spent, or the wait would end after the deadline.
 *
 * Not cockatiel's retry, whose waits know no deadline and do not end when the caller gives up; the waits' lengths are its.
 */
export async function retried<T>(retrying: Retrying, attempt: () => Promise<T>): Promise<T> {
  const { attempts, initialDelayMs, maxDelayMs } = retrying.settings;
  let backoff: IBackoff<unknown> | undefined;
  for (let made = 1; ; made++) {
    try {
      return await attempt();
    } catch (cause) {
      const error = errorOf(cause);
      if (made >= attempts || !mayRetry(error, retrying.isRepeatable())) throw error;
      backoff = (backoff ?? backoffOf(initialDelayMs, maxDelayMs)).next(undefined);
      const { duration } = backoff;
      if (performance.now() + duration >= retrying.deadlineMs || !retrying.budget.spend()) throw error;
      await pause(duration, retrying.signal);
    }
  }
}

function backoffOf(initialDelay: number, maxDelay: number): { next(context: unknown): IBackoff<unknown> } {
  return new ExponentialBackoff({ generator: fullJitterGenerator, initialDelay, maxDelay });
}
