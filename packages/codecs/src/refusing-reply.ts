import { IsthmusError } from '@isthmus/schema';

/**
 * Turns the refusal of a value, which codecs take for a caller's, into the error for a reply.
 *
 * @throws IsthmusError `HANDLER_FAULT` with the same fields in place of `INVALID_INPUT`; else what `write` throws.
 */
export function refusingReply<Result>(write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof IsthmusError) || error.code !== 'INVALID_INPUT') throw error;
    const { detail, fields } = error;
    throw new IsthmusError('HANDLER_FAULT', { detail, fields, cause: error });
  }
}
