/** What a call route does with a request whose body is read. */
import { IsthmusError, type Method, type Service } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallOptions, ClientMethod } from '../bridge-client.ts';
import { abortOnDisconnect, refuseDisconnected } from './disconnect.ts';
import { JSON_TYPE, OCTETS_TYPE, replyType } from './media-type.ts';
import { bytesOf, checkSize, jsonOf } from './payload.ts';
import { ServedCall } from './served-call.ts';
import { timeoutOf } from './timeout.ts';

export interface CallTarget {
  readonly service: Service;
  readonly method: Method;
  readonly client: ClientMethod;
  /** The longest deadline that a caller may ask for, in ms. */
  readonly maxTimeoutMs: number;
}

const JSON_REPLY_TYPE = `${JSON_TYPE}; charset=utf-8`;

/** Answers a call, whole or not at all: nothing is written before the reply is there and serialized. */
export async function handleCall(
  target: CallTarget,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { headers, body } = request;
  // A call without input needs a content type all the same: both types make a browser ask first (CORS preflight), so
  // that no foreign web page can make calls through the browser of somebody who reaches this gateway.
  if (headers['content-type'] === undefined) {
    throw new IsthmusError('UNSUPPORTED_MEDIA_TYPE', { detail: 'the request has no content-type header' });
  }
  const timeoutMs = timeoutOf(headers['x-timeout-ms'], target.maxTimeoutMs);
  const call = request.isthmusCall ?? new ServedCall(target.service, target.method, undefined);
  const options: CallOptions = {
    signal: abortOnDisconnect(reply),
    trace: call.trace,
    info: call.info,
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
  const type = body instanceof Uint8Array ? OCTETS_TYPE : JSON_TYPE;
  if (replyType(type, headers.accept) === OCTETS_TYPE) {
    const bytes = await target.client.raw(inputBytes(target.method, body), options);
    refuseDisconnected(reply);
    call.setHeaders(reply);
    return reply.header('content-type', OCTETS_TYPE).send(bytes);
  }
  const value =
    body instanceof Uint8Array
      ? jsonOf(target.method.outputCodec, await target.client.raw(inputBytes(target.method, body), options))
      : await target.client.json(inputJson(target.method, body), options);
  refuseDisconnected(reply);
  call.setHeaders(reply);
  // JSON.stringify rather than a serializer compiled from the JSON Schema: most of the time goes into printing doubles,
  // which both leave to V8 (measured for six: 0.95 us each way), and this one has no second opinion on numbers.
  return reply.header('content-type', JSON_REPLY_TYPE).send(JSON.stringify(value ?? {}));
}

function inputBytes(method: Method, body: unknown): Uint8Array {
  if (!(body instanceof Uint8Array)) return bytesOf(method.inputCodec, inputJson(method, body));
  checkSize(method.inputCodec, body);
  return body;
}

/** The input in JSON form. Only a method without input takes a request without a body; its codec also takes `{}`. */
function inputJson(method: Method, body: unknown): unknown {
  if (body === undefined && method.input !== undefined) {
    const message = 'the body is empty';
    throw new IsthmusError('MALFORMED_BODY', { detail: message, fields: [{ pointer: '', message }] });
  }
  return body;
}
