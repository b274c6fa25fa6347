/** What a call route does with a request whose body is read. */
import { IsthmusError, type Method, type Service } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CallOptions, type ClientMethod, manyOf, oneOf } from '../bridge-client.ts';
import { abortOnDisconnect, refuseDisconnected } from './disconnect.ts';
import { type Form, formOf, formsOf, JSON_TYPE, replyForm, typeOfForm } from './media-type.ts';
import type { PayloadForms } from './payload.ts';
import { sendReplies } from './replies.ts';
import { ServedCall } from './served-call.ts';
import { timeoutOf } from './timeout.ts';

export interface CallTarget {
  readonly service: Service;
  readonly method: Method;
  readonly client: ClientMethod;
  readonly input: PayloadForms;
  readonly output: PayloadForms;
  /** The longest deadline that a caller may ask for, in ms. */
  readonly maxTimeoutMs: number;
}

/** A request's body and what is asked of the call. */
interface Asked {
  readonly form: Form;
  readonly body: unknown;
  readonly options: CallOptions;
}

const JSON_REPLY_TYPE = `${JSON_TYPE}; charset=utf-8`;

/** Answers a call with one reply, or none, whole or not at all: nothing is written before the reply is there and serialized. */
export async function handleCall(
  target: CallTarget,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { headers } = request;
  const { method } = target;
  const timeoutMs = timeoutOf(headers['x-timeout-ms'], target.maxTimeoutMs);
  const caller = request.isthmusIdentity?.caller;
  const call = request.isthmusCall ?? new ServedCall(target.service, method, undefined);
  const asked: Asked = {
    form: requestForm(method, headers['content-type']),
    body: request.body,
    options: {
      signal: abortOnDisconnect(request, reply),
      trace: call.trace,
      info: call.info,
      ...(caller !== undefined && { caller }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    },
  };
  if (method.replies === 'many') return sendReplies(manyReplies(target, asked), method, request, reply, call);
  if (method.replies === 'none') {
    await oneOf(target.client.json(jsonInput(target, asked), asked.options));
    call.setHeaders(reply);
    return reply.code(202).send();
  }
  const { type, body } = await oneReply(target, asked, headers.accept);
  refuseDisconnected(reply);
  call.setHeaders(reply);
  return reply.header('content-type', type).send(body);
}

/**
 * A call needs a content type even without input: none of the forms is one that a browser sends to another site without
 * asking first (CORS preflight), so no foreign web page can make calls through the browser of somebody who reaches this gateway.
 */
function requestForm(method: Method, contentType: string | undefined): Form {
  if (contentType === undefined) {
    throw new IsthmusError('UNSUPPORTED_MEDIA_TYPE', { detail: 'the request has no content-type header' });
  }
  const form = formOf(contentType);
  const allowed = formsOf(method.input);
  if (form !== undefined && allowed.includes(form)) return form;
  const detail = `${contentType} is not one of ${allowed.map(typeOfForm).join(', ')}`;
  throw new IsthmusError('UNSUPPORTED_MEDIA_TYPE', { detail });
}

async function oneReply(
  target: CallTarget,
  asked: Asked,
  accept: string | undefined,
): Promise<{ readonly type: string; readonly body: string | Uint8Array }> {
  const { method, client, output } = target;
  const form = replyForm(asked.form, method.output, accept);
  if (form === 'json') {
    const text = await oneOf(client.jsonText(jsonInput(target, asked), asked.options));
    return { type: JSON_REPLY_TYPE, body: String(text) };
  }
  // Between two forms that are not JSON nothing becomes JSON on its way.
  const value =
    asked.form === 'json'
      ? output.writeJson(form, await oneOf(client.json(jsonInput(target, asked), asked.options)))
      : output.write(form, await oneOf(client(nativeInput(target, asked), asked.options)));
  return { type: typeOfForm(form), body: value };
}

/** The replies one by one: pieces of bytes, or texts in JSON. */
function manyReplies(target: CallTarget, asked: Asked): AsyncIterable<unknown> {
  const { method, client } = target;
  if (method.output?.kind !== 'bytesTail') return manyOf(client.jsonText(jsonInput(target, asked), asked.options));
  if (asked.form === 'json') return decoded(target, manyOf(client.json(jsonInput(target, asked), asked.options)));
  return manyOf(client(nativeInput(target, asked), asked.options));
}

async function* decoded(target: CallTarget, replies: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void> {
  for await (const value of replies) yield target.output.writeJson('struct', value);
}

function nativeInput({ method, input }: CallTarget, { form, body }: Asked): unknown {
  return method.input === undefined && isEmpty(body) ? undefined : input.read(form, bytesOf(body));
}

/** The input in JSON form. Only a method without input takes a request without a body; its codec also takes `{}`. */
function jsonInput({ method, input }: CallTarget, { form, body }: Asked): unknown {
  if (form !== 'json')
    return isEmpty(body) && method.input === undefined ? undefined : input.readJson(form, bytesOf(body));
  if (body === undefined && method.input !== undefined) {
    const message = 'the body is empty';
    throw new IsthmusError('MALFORMED_BODY', { detail: message, fields: [{ pointer: '', message }] });
  }
  return body;
}

function isEmpty(body: unknown): boolean {
  return body === undefined || (body instanceof Uint8Array && body.length === 0);
}

/** The body of a form that is not JSON: the parsers hand its bytes over. */
function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}
