import type { ErrorCode, IsthmusError } from '@isthmus/schema';

/** What an error says about the service: it failed, it answered, or nothing. */
export type Verdict = 'failure' | 'answer' | 'neutral';

/** Errors that mean that the service did not answer, or nothing that is an answer. */
const failures: ReadonlySet<ErrorCode> = new Set([
  'DEADLINE_EXCEEDED',
  'INSTANCE_LOST',
  'PEER_CORRUPT',
  'HANDLER_FAULT',
  'MALFORMED_MESSAGE',
]);

/** Refusals by this very client, and ends that somebody here wanted: to try them again at once is to ignore them. */
const ownRefusals: ReadonlySet<ErrorCode> = new Set(['OVERLOADED', 'CIRCUIT_OPEN', 'CANCELLED', 'CLOSED']);

/** `hadMs` is the time that the call had: with less than `minTimeoutMs`, its deadline says nothing. */
export function verdictOf(error: IsthmusError, hadMs: number, minTimeoutMs: number): Verdict {
  if (error.code === 'HANDLER_REFUSED') return 'answer';
  if (error.code === 'DEADLINE_EXCEEDED' && hadMs < minTimeoutMs) return 'neutral';
  return failures.has(error.code) ? 'failure' : 'neutral';
}

/** Whether a call that ended so may be made again. `isRepeatable`: it was not executed, or its method is idempotent. */
export function mayRetry(error: IsthmusError, isRepeatable: boolean): boolean {
  return error.retryable !== 'never' && isRepeatable && !ownRefusals.has(error.code);
}
