/**
 * One log line for each request, written when its response is out or its caller is gone. It names callers, and never has what
 * they prove it with: no header is in it, and no query.
 */
import type { ErrorCode } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerName } from '../auth/identity.ts';
import { probePaths } from './probes.ts';

/** The status of a request whose caller went away before the whole of its response was there. */
export const GONE = 499;

/** Who was refused, and from where: the log has to tell. */
const refusals: ReadonlySet<ErrorCode> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED', 'ORIGIN_REFUSED']);

/** `status` is the response's own, or {@link GONE}. */
export function logRequest(request: FastifyRequest, reply: FastifyReply, status: number): void {
  const { isthmusCall: call, isthmusError: error, isthmusIdentity: identity, isthmusClaim: claim } = request;
  const isRefused = error !== null && refusals.has(error.code);
  const path = request.url.split('?', 1)[0] ?? request.url;
  const line = {
    http: `${request.method} ${path}`,
    ...(call !== null && {
      service: call.service.name,
      method: call.method.name,
      callId: call.info.callId === undefined ? undefined : String(call.info.callId),
      instance: call.info.instance,
      traceId: call.trace.traceId,
      parentId: call.trace.parentId,
      spanId: call.trace.spanId,
    }),
    ...(identity?.caller !== undefined && { caller: callerName(identity.caller) }),
    // Of credentials that were not good, whose they claim to be.
    ...(isRefused && { address: request.ip, ...(claim !== null && { claim }) }),
    status,
    durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
    ...(error !== null && { code: error.code, ...(error.detail !== '' && { detail: error.detail }) }),
  };
  if (error?.code === 'INTERNAL') request.log.error({ ...line, err: error.cause ?? error }, 'request');
  else if (status >= 500 || isRefused) request.log.warn(line, 'request');
  // What orchestrators ask every few seconds, and nobody wants to read about.
  else if (probePaths.includes(request.routeOptions.url ?? '')) request.log.debug(line, 'request');
  else request.log.info(line, 'request');
}
