/** How errors appear in the OpenAPI document: the problem's schema, and the responses of a call by HTTP status. */
import { type ErrorCode, errors, IsthmusError } from '@isthmus/schema';
import { problemOf, typeOf } from '../http/problem.ts';

/** What a call may be answered with beside its reply. Errors of starting and configuring never reach HTTP. */
export const callErrors: readonly ErrorCode[] = [
  'INVALID_ARGUMENT',
  'MALFORMED_BODY',
  'INVALID_INPUT',
  'UNKNOWN_METHOD',
  'BODY_TOO_LARGE',
  'RECORD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'HANDLER_REFUSED',
  'RING_FULL',
  'TOO_MANY_CALLS',
  'INTERNAL',
  'REPLY_TOO_LARGE',
  'HANDLER_FAULT',
  'PEER_CORRUPT',
  'NO_INSTANCE',
  'INSTANCE_LOST',
  'CLOSED',
  'SHUTTING_DOWN',
  'DEADLINE_EXCEEDED',
];

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
      description: 'Each bad place of the body, the first 100 of them.',
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

/** A response object for one status, listing the codes that have it; `first` is the one that the example shows. */
export function problemResponse(first: ErrorCode, ...others: readonly ErrorCode[]): object {
  const example = problemOf(new IsthmusError(first), false);
  const { status } = example;
  return {
    description: [first, ...others].map((code) => `\`${code}\`: ${errors[code].message}.`).join(' '),
    ...((status === 429 || status === 503) && { headers: { 'Retry-After': retryAfter } }),
    ...(status === 405 && { headers: { Allow: allow } }),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, example } },
  };
}

/** The problem responses of a call route, by status. */
export function callProblemResponses(): Record<string, object> {
  const responses: Record<string, object> = {};
  for (const [status, [first, ...others]] of Map.groupBy(callErrors, (code) => errors[code].http)) {
    if (first !== undefined) responses[status] = problemResponse(first, ...others);
  }
  return responses;
}
