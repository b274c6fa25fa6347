/** The `x-timeout-ms` header: how long the caller waits for this call. */
import { IsthmusError } from '@isthmus/schema';

/**
 * The header's value in ms, or undefined without one: then the client's own default holds.
 *
 * @throws IsthmusError `INVALID_ARGUMENT` unless it is a whole number from 1 to `maxTimeoutMs` in plain digits.
 */
export function timeoutOf(header: string | string[] | undefined, maxTimeoutMs: number): number | undefined {
  if (header === undefined) return undefined;
  const timeoutMs = typeof header === 'string' && /^[1-9][0-9]{0,8}$/.test(header) ? Number(header) : Number.NaN;
  if (!(timeoutMs <= maxTimeoutMs)) {
    throw new IsthmusError('INVALID_ARGUMENT', {
      detail: `the header x-timeout-ms must be a whole number from 1 to ${maxTimeoutMs}`,
    });
  }
  return timeoutMs;
}
