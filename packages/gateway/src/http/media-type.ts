/** Which of the two forms a call's payload takes in HTTP. */

export const JSON_TYPE = 'application/json';
export const OCTETS_TYPE = 'application/octet-stream';

export type MediaType = typeof JSON_TYPE | typeof OCTETS_TYPE;

/**
 * The form of the reply: the request's own, unless `Accept` names the other one and not this one too. Wildcards and
 * quality values change nothing, and a caller who accepts neither gets the request's form: there is no better answer.
 */
export function replyType(requestType: MediaType, accept: string | undefined): MediaType {
  if (accept === undefined) return requestType;
  const other = requestType === JSON_TYPE ? OCTETS_TYPE : JSON_TYPE;
  const wanted = accept.toLowerCase();
  return wanted.includes(other) && !wanted.includes(requestType) ? other : requestType;
}
