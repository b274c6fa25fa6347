/** Ends a call when nobody waits for its reply any more. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyReply } from 'fastify';

/**
 * A signal that aborts when the connection closes before there is a response. It hangs on the response, not on the
 * request: Node closes a request as soon as its body is read.
 *
 * @throws IsthmusError `CANCELLED` when the connection is closed already.
 */
export function abortOnDisconnect(reply: FastifyReply): AbortSignal {
  refuseDisconnected(reply);
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) controller.abort();
  });
  return controller.signal;
}

/** @throws IsthmusError `CANCELLED` when the connection is closed. */
export function refuseDisconnected(reply: FastifyReply): void {
  if (reply.raw.closed) throw new IsthmusError('CANCELLED', { detail: 'the caller closed the connection' });
}
