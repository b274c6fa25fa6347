/** How errors appear in the OpenAPI document: the problem's schema, and the responses of a call by HTTP status. */
import { type ErrorCode, errors, IsthmusError, type Method } from '@isthmus/schema';
import { problemOf, typeOf } from '../http/problem.ts';
import type { ServedRegion } from '../regions/served-region.ts';

/** What may go wrong before a call is sent, and while it is under way. Errors of starting and configuring never reach HTTP. */
const sendingErrors: readonly ErrorCode[] = [
  'INVALID_ARGUMENT',
  'MALFORMED_BODY',
  'INVALID_INPUT',
  'UNKNOWN_METHOD',
  'BODY_TOO_LARGE',
  'RECORD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'RING_FULL',
  'TOO_MANY_CALLS',
  'OVERLOADED',
  'CIRCUIT_OPEN',
  'INTERNAL',
  'PEER_CORRUPT',
  'NO_INSTANCE',
  'INSTANCE_LOST',
  'CLOSED',
  'SHUTTING_DOWN',
  'DEADLINE_EXCEEDED',
];

/** What may come back in place of a reply. */
const replyErrors: readonly ErrorCode[] = ['HANDLER_REFUSED', 'REPLY_TOO_LARGE', 'HANDLER_FAULT', 'MALFORMED_MESSAGE'];

/** What a call of this method may be answered with beside its reply. */
export function callErrorsOf({ replies }: Pick<Method, 'replies'>): readonly ErrorCode[] {
  return replies === 'none' ? sendingErrors : [...sendingErrors, ...replyErrors];
}

/** What reading any region may be answered with, and what it may be for memory that is attached besides. */
const readErrors: readonly ErrorCode[] = [
  'INVALID_ARGUMENT',
  'REGION_CONFLICT',
  'INTERNAL',
  'HANDLER_FAULT',
  'SHUTTING_DOWN',
];
const ownErrors: readonly ErrorCode[] = ['NO_INSTANCE', 'CLOSED', 'UNKNOWN_REGION', 'REGION_EMPTY', 'REGION_BUSY'];
const attachedErrors: readonly ErrorCode[] = [
  'REGION_BUSY',
  'LOCK_TIMEOUT',
  'LOCK_OWNER_DIED',
  'SEGMENT_MISSING',
  'GUARD_MISSING',
  'SEGMENT_TOO_SMALL',
  'SEGMENT_TRUNCATED',
  'SEGMENT_MISMATCH',
  'PERMISSION_DENIED',
  'OUT_OF_MEMORY',
  'SYSTEM',
  'CLOSED',
];

/** What a body may be refused with, beside what reading is. */
const bodyErrors: readonly ErrorCode[] = [
  'MALFORMED_BODY',
  'INVALID_INPUT',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
];

/** What watching may be answered with before the first event. */
export const watchErrors: readonly ErrorCode[] = ['INVALID_ARGUMENT', 'TOO_MANY_WATCHERS', 'INTERNAL', 'SHUTTING_DOWN'];

export function readErrorsOf({ service, rows }: Pick<ServedRegion, 'service' | 'rows'>): readonly ErrorCode[] {
  if (service === undefined) return [...readErrors, ...attachedErrors];
  return rows === undefined ? [...readErrors, ...ownErrors] : [...readErrors, ...ownErrors, 'UNKNOWN_ROW'];
}

export function writeErrorsOf(served: Pick<ServedRegion, 'service' | 'rows'>): readonly ErrorCode[] {
  const own: readonly ErrorCode[] = served.service === undefined ? [] : ['LOCK_TIMEOUT', 'PEER_CORRUPT'];
  const full: readonly ErrorCode[] = served.rows === undefined ? [] : ['REGION_FULL'];
  return [...readErrorsOf(served), ...bodyErrors, ...own, ...full];
}

export const problemSchema = {
  type: 'object',
  description: 'What went wrong, as RFC 9457 has it.',
  required: ['type', 'title', 'status', 'detail', 'code', 'action', 'retryable'],
  properties: {
    type: {
      type: 'string',
      format: 'uri',
      description: '`urn:isthmus:error:` and the code.',
      examples: [typeOf('RING_FULL')],
    },
    title: { type: 'string', description: 'What happened: the same text for every occurrence.' },
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: { type: 'string', description: "What happened here; for HANDLER_REFUSED the handler's own message." },
    code: { type: 'string', enum: Object.keys(errors), description: 'What programs match on: it never changes.' },
    action: { type: 'string', description: 'What the caller can do about it.' },
    retryable: { type: 'boolean', description: 'Whether sending the same request again is safe and may help.' },
    errors: {
      type: 'array',
      description: 'Each bad place of the body, or of the reply, the first 100 of them.',
      items: {
        type: 'object',
        required: ['pointer', 'message'],
        properties: {
          pointer: { type: 'string', format: 'json-pointer', description: 'Where: a JSON pointer (RFC 6901).' },
          message: { type: 'string', description: 'What is wrong there.' },
        },
      },
    },
    handlerCode: { type: 'integer', minimum: 1, description: "For HANDLER_REFUSED: the handler's own code." },
    handlerError: { type: 'string', description: 'For HANDLER_REFUSED: the name of that code, if the schema has one.' },
  },
} as const;

const retryAfter = { description: 'Seconds to wait before sending again.', schema: { type: 'integer', minimum: 1 } };
const allow = { description: 'The methods that the path allows.', schema: { type: 'string' } };

/** The problem of a handler's own refusal, with the names that a service's schema gives them. */
export function refusalSchema(names: readonly string[]): object {
  const { handlerError, ...properties } = problemSchema.properties;
  return { ...problemSchema, properties: { ...properties, handlerError: { ...handlerError, enum: names } } };
}

/** A response object for one status, listing the codes that have it; `first` is the one that the example shows. */
export function problemResponse(first: ErrorCode, ...others: readonly ErrorCode[]): object {
  return responseOf([first, ...others], 'Problem');
}

function responseOf(codes: readonly [ErrorCode, ...ErrorCode[]], schemaName: string): object {
  const example = problemOf(new IsthmusError(codes[0]), false);
  const { status } = example;
  return {
    description: codes.map((code) => `\`${code}\`: ${errors[code].message}.`).join(' '),
    ...((status === 429 || status === 503) && { headers: { 'Retry-After': retryAfter } }),
    ...(status === 405 && { headers: { Allow: allow } }),
    content: { 'application/problem+json': { schema: { $ref: `#/components/schemas/${schemaName}` }, example } },
  };
}

/** The problem responses of a call route, by status. `refusal`: the schema of the service's own refusals, if it names any. */
export function callProblemResponses(
  method: Pick<Method, 'replies'>,
  refusal: string | undefined,
): Record<string, object> {
  return problemResponses(callErrorsOf(method), refusal);
}

/** A response object for each status that one of the codes has. */
export function problemResponses(codes: readonly ErrorCode[], refusal?: string): Record<string, object> {
  const responses: Record<string, object> = {};
  for (const [status, [first, ...others]] of Map.groupBy(codes, (code) => errors[code].http)) {
    if (first === undefined) continue;
    responses[status] = responseOf(
      [first, ...others],
      (first === 'HANDLER_REFUSED' ? refusal : undefined) ?? 'Problem',
    );
  }
  return responses;
}
