/** Answers what is not valid HTTP, where there is no request yet to give to Fastify. */
import type { Socket } from 'node:net';
import { IsthmusError } from '@isthmus/schema';
import type { FastifyBaseLogger } from 'fastify';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

/** What Node says about a request that it could not parse, or that did not come in time. */
export interface ClientError extends Error {
  readonly code?: string;
}

/** Writes a problem and a log line, and closes the connection, unless the caller is gone already. */
export function answerClientError(error: ClientError, socket: Socket, log: FastifyBaseLogger): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const detail = `the request is not valid HTTP, or did not come in time: ${error.message}`;
  const problem = problemOf(new IsthmusError('INVALID_ARGUMENT', { detail, cause: error }), false);
  log.info({ status: problem.status, code: problem.code, detail }, 'request');
  const body = JSON.stringify(problem);
  const head = [
    'HTTP/1.1 400 Bad Request',
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
