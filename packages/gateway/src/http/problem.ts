/** Errors as HTTP shows them: `application/problem+json` (RFC 9457), made from the one list of errors. */
import { type ErrorCode, errors, type InvalidField, type IsthmusError } from '@isthmus/schema';
import type { FastifyReply } from 'fastify';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** The body of every error response. */
export interface Problem {
  /** `urn:isthmus:error:` and the code: the same for every occurrence of the error. */
  readonly type: string;
  /** What happened, the same for every occurrence. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** What happened here; for `HANDLER_REFUSED` the handler's own message. */
  readonly detail: string;
  readonly code: ErrorCode;
  /** What the caller can do about it. */
  readonly action: string;
  /** Whether sending the same request again is safe and may help. */
  readonly retryable: boolean;
  /** Each bad place of the body, or of a reply that is not one: a JSON pointer (RFC 6901) and what is wrong there. */
  readonly errors?: readonly InvalidField[];
  /** For `HANDLER_REFUSED`: the handler's own code, and its name where the schema declares one. */
  readonly handlerCode?: number;
  readonly handlerError?: string;
}

/**
 * The most bad places that one problem lists. A body of a million unknown fields must not become a response many times
 * its own size.
 */
const MAX_LISTED_FIELDS = 100;

/** How long a caller whose request may be sent again should wait first, where that is not known, in ms: the least that the header can say. */
const RETRY_AFTER_MS = 1000;

/** `idempotent`: whether the called method does no harm when it is executed twice; false where no method was called. */
export function problemOf(error: IsthmusError, idempotent: boolean): Problem {
  const title = errors[error.code].message;
  const omitted = error.fields.length - MAX_LISTED_FIELDS;
  const detail = error.detail === '' ? title : error.detail;
  return {
    type: typeOf(error.code),
    title,
    status: error.httpStatus,
    detail: omitted > 0 ? `${detail} (${omitted} more bad fields are not listed)` : detail,
    code: error.code,
    action: error.action,
    retryable: error.retryable === 'always' || (error.retryable === 'idempotent' && idempotent),
    ...(error.fields.length > 0 && { errors: error.fields.slice(0, MAX_LISTED_FIELDS) }),
    ...(error.handlerCode !== undefined && { handlerCode: error.handlerCode }),
    ...(error.handlerError !== undefined && { handlerError: error.handlerError }),
  };
}

/** The `type` member of an error's problems. */
export function typeOf(code: ErrorCode): string {
  return `urn:isthmus:error:${code}`;
}

/**
 * What a response says in `Retry-After`, in seconds: where the condition passes by itself and the caller may send again.
 * `retryAfterMs`: when that is, if it is known.
 */
export function retryAfterOf(problem: Problem, retryAfterMs = RETRY_AFTER_MS): string | undefined {
  if (!problem.retryable || (problem.status !== 429 && problem.status !== 503)) return undefined;
  return String(Math.max(Math.ceil(retryAfterMs / 1000), 1));
}

/** Answers with a problem. Headers that belong to the code alone (`Retry-After`) are set here. */
export function sendProblem(reply: FastifyReply, error: IsthmusError, idempotent: boolean): FastifyReply {
  const problem = problemOf(error, idempotent);
  const retryAfter = retryAfterOf(problem, error.retryAfterMs);
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  return (
    reply
      .code(problem.status)
      .header('content-type', PROBLEM_TYPE)
      .header('cache-control', 'no-store')
      // Here as well as in the gateway's hook: a URL that cannot be parsed is answered before any hook runs.
      .header('x-content-type-options', 'nosniff')
      .send(JSON.stringify(problem))
  );
}
