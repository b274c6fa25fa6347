import { errorCodeOf, IsthmusError, type Service } from '@isthmus/schema';

/** The error of a status that the C library or a handler gave. `detail` is the message that came with it, if any. */
export function errorOfStatus(schema: Service, status: number, detail: string): IsthmusError {
  if (status > 0) {
    return new IsthmusError('HANDLER_REFUSED', {
      detail,
      handlerCode: status,
      handlerError: schema.errors[status - 1],
    });
  }
  return new IsthmusError(errorCodeOf(status), { detail });
}

/** What was thrown, as an IsthmusError: what the native addon throws stands for one, all else becomes INTERNAL. */
export function errorOf(cause: unknown): IsthmusError {
  if (cause instanceof IsthmusError) return cause;
  if (cause instanceof Error && 'status' in cause && typeof cause.status === 'number') {
    return new IsthmusError(errorCodeOf(cause.status), { detail: cause.message });
  }
  return new IsthmusError('INTERNAL', { detail: cause instanceof Error ? cause.message : String(cause), cause });
}

/** Whether it says that nothing can be sent to this instance any more. */
export function isGone(error: unknown): error is IsthmusError {
  return (
    error instanceof IsthmusError &&
    (error.code === 'INSTANCE_LOST' || error.code === 'INSTANCE_DRAINING' || error.code === 'PEER_CORRUPT')
  );
}
