/** One log line for each request, written when its response is out or its caller is gone. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What orchestrators ask every few seconds, and nobody wants to read about: logged at `debug`. */
const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** The status of a request whose caller went away before the whole of its response was there. */
export const GONE = 499;

/** `status` is the response's own, or {@link GONE}. */
export function logRequest(request: FastifyRequest, reply: FastifyReply, status: number): void {
  const { isthmusCall: call, isthmusError: error } = request;
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
    status,
    durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
    ...(error !== null && { code: error.code, detail: error.detail }),
  };
  if (error?.code === 'INTERNAL') request.log.error({ ...line, err: error.cause ?? error }, 'request');
  else if (status >= 500) request.log.warn(line, 'request');
  else if (probes.has(request.routeOptions.url ?? '')) request.log.debug(line, 'request');
  else request.log.info(line, 'request');
}
