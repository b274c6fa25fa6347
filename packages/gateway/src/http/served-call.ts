/** What is known about the call that a request makes: kept on the request, for the response's headers and the log. */
import type { IsthmusError, Method, Service } from '@isthmus/schema';
import type { FastifyReply } from 'fastify';
import type { CallInfo } from '../bridge-client.ts';
import { formatTraceparent, type TraceContext, traceContextOf } from './trace-context.ts';

export class ServedCall {
  readonly service: Service;
  readonly method: Method;
  readonly trace: TraceContext;
  /** Filled in by the client. */
  readonly info: CallInfo = {};

  constructor(service: Service, method: Method, traceparent: string | string[] | undefined) {
    this.service = service;
    this.method = method;
    this.trace = traceContextOf(traceparent);
  }

  /** Sets the headers that name the call: `traceparent` always, `x-call-id` once the call was sent to an instance. */
  setHeaders(reply: FastifyReply): void {
    reply.header('traceparent', formatTraceparent(this.trace));
    if (this.info.callId !== undefined) reply.header('x-call-id', String(this.info.callId));
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on the gateway's call routes as soon as the request's head is there; null on all others. */
    isthmusCall: ServedCall | null;
    /** Why the request failed; null while it has not. */
    isthmusError: IsthmusError | null;
  }
}
