/** Ends a call when nobody waits for its reply any more. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';

const signals = new WeakMap<object, AbortSignal>();

/**
 * A signal that aborts when the request's connection closes. All requests of a connection share it: to make one for each, and to listen
 * for the end of each response, costs more than the rest of a call.
 *
 * @throws IsthmusError `CANCELLED` when the connection is closed already.
 */
export function abortOnDisconnect({ raw: { socket } }: FastifyRequest, reply: FastifyReply): AbortSignal {
  refuseDisconnected(reply);
  const known = signals.get(socket);
  if (known !== undefined) return known;
  const controller = new AbortController();
  signals.set(socket, controller.signal);
  socket.once('close', () => controller.abort());
  return controller.signal;
}

/** @throws IsthmusError `CANCELLED` when the connection is closed. */
export function refuseDisconnected(reply: FastifyReply): void {
  if (reply.raw.closed) throw new IsthmusError('CANCELLED', { detail: 'the caller closed the connection' });
}
