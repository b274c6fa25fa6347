/**
 * One log line for each request, written when its response is out or its caller is gone. It names callers, and never has what
 * they prove it with: no header is in it, and no query.
 */
import type { ErrorCode, IsthmusError } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pino } from 'pino';
import { callerName } from '../auth/identity.ts';
import { probePaths } from './probes.ts';

/** The status of a request whose caller went away before the whole of its response was there. */
export const GONE = 499;

/** Who was refused, and from where: the log has to tell. */
const refusals: ReadonlySet<ErrorCode> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED', 'ORIGIN_REFUSED']);

type Level = 'debug' | 'info' | 'warn' | 'error';

/** `status` is the response's own, or {@link GONE}. */
export function logRequest(request: FastifyRequest, reply: FastifyReply, status: number): void {
  const level = levelOf(request, status);
  const { values } = pino.levels;
  // To put together a line that nobody wants costs as much as to parse a small request.
  if ((values[level] ?? 0) < (values[request.log.level] ?? 0)) return;
  const { isthmusError: error } = request;
  const line = lineOf(request, reply, status);
  request.log[level](error?.code === 'INTERNAL' ? { ...line, err: error.cause ?? error } : line, 'request');
}

function levelOf({ isthmusError: error, routeOptions }: FastifyRequest, status: number): Level {
  if (error?.code === 'INTERNAL') return 'error';
  if (status >= 500 || isRefusal(error)) return 'warn';
  // What orchestrators ask every few seconds, and nobody wants to read about.
  return probePaths.includes(routeOptions.url ?? '') ? 'debug' : 'info';
}

function isRefusal(error: IsthmusError | null): boolean {
  return error !== null && refusals.has(error.code);
}

function lineOf(request: FastifyRequest, reply: FastifyReply, status: number): Readonly<Record<string, unknown>> {
  const { isthmusCall: call, isthmusError: error, isthmusIdentity: identity, isthmusClaim: claim } = request;
  const path = request.url.split('?', 1)[0] ?? request.url;
  return {
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
    ...(isRefusal(error) && { address: request.ip, ...(claim !== null && { claim }) }),
    status,
    durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
    ...(error !== null && { code: error.code, ...(error.detail !== '' && { detail: error.detail }) }),
  };
}
