/** A call with several replies over HTTP: NDJSON, server-sent events, or bytes one after the other. */
import type { Method } from '@isthmus/schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuseDisconnected } from './disconnect.ts';
import { toIsthmusError } from './framework-errors.ts';
import { joinedStream } from './joined-stream.ts';
import { EVENTS_TYPE, manyReplyTypes, NDJSON_TYPE, preferredType } from './media-type.ts';
import { type Problem, problemOf } from './problem.ts';
import { GONE, logRequest } from './request-log.ts';
import type { ServedCall } from './served-call.ts';

/** How replies are written: each of them, the end, and an error after the first of them. */
interface Framing {
  readonly type: string;
  reply(value: unknown, number: number): string | Uint8Array;
  end(): string;
  /** Undefined: there is no way to say it but to cut the response short. */
  error: ((problem: Problem) => string) | undefined;
}

const framings: Readonly<Record<string, Framing>> = {
  [NDJSON_TYPE]: {
    type: `${NDJSON_TYPE}; charset=utf-8`,
    reply: (text) => `${String(text)}\n`,
    end: () => '',
    // No field of a reply can have this name.
    error: (problem) => `${JSON.stringify({ $problem: problem })}\n`,
  },
  [EVENTS_TYPE]: {
    type: `${EVENTS_TYPE}; charset=utf-8`,
    reply: (text, number) => `id: ${number}\ndata: ${String(text)}\n\n`,
    end: () => 'event: end\ndata: {}\n\n',
    error: (problem) => `event: problem\ndata: ${JSON.stringify(problem)}\n\n`,
  },
};

function octets(type: string): Framing {
  return { type, reply: (value) => (value instanceof Uint8Array ? value : ''), end: () => '', error: undefined };
}

/**
 * Answers as soon as the first reply is there, or the end, so that an error before it is an error like any other. What
 * comes later goes out at the speed at which the caller reads; a caller who goes away ends the call.
 */
export async function sendReplies(
  replies: AsyncIterable<unknown>,
  method: Method,
  request: FastifyRequest,
  reply: FastifyReply,
  call: ServedCall,
): Promise<FastifyReply> {
  const types = manyReplyTypes(method.output);
  const type = preferredType(request.headers.accept, types) ?? types[0];
  const framing = framings[type] ?? octets(type);
  const iterator = replies[Symbol.asyncIterator]();
  const first = await iterator.next();
  try {
    refuseDisconnected(reply);
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
  call.setHeaders(reply);
  reply.header('content-type', framing.type).header('cache-control', 'no-store');
  // A response that is cut short is no response for Fastify, which then tells nobody.
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) logRequest(request, reply, request.isthmusError?.httpStatus ?? GONE);
  });
  const failed = (error: unknown) => {
    const known = toIsthmusError(error);
    request.isthmusError = known;
    return problemOf(known, method.idempotent);
  };
  return reply.send(joinedStream(frames(first, iterator, framing, failed)));
}

async function* frames(
  first: IteratorResult<unknown>,
  iterator: AsyncIterator<unknown>,
  framing: Framing,
  failed: (error: unknown) => Problem,
): AsyncGenerator<string | Uint8Array, void> {
  let finished = false;
  try {
    let number = 0;
    for (let next = first; next.done !== true; next = await iterator.next()) yield framing.reply(next.value, number++);
    finished = true;
    yield framing.end();
  } catch (error) {
    finished = true;
    const problem = failed(error);
    if (framing.error === undefined) throw error;
    yield framing.error(problem);
  } finally {
    // Left early: the caller went away.
    if (!finished) await iterator.return?.();
  }
}
