/** What a request shows to prove who sent it. */
import type { IncomingHttpHeaders } from 'node:http';
import { IsthmusError } from '@isthmus/schema';
import { API_KEY_PREFIX } from './api-keys.ts';

export interface Credentials {
  readonly kind: 'apiKey' | 'jwt';
  readonly secret: string;
}

/** The subprotocol of `GET /v1/watch`. */
export const WATCH_PROTOCOL = 'isthmus';

/** Browsers let a page set no header of a WebSocket but this one: so a subprotocol that begins so carries what `Bearer` would. */
const BEARER_PROTOCOL = 'isthmus.bearer.';

/** One of RFC 6750's tokens. */
const bearerPattern = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/**
 * The credentials of a request; undefined: there are none.
 *
 * @throws IsthmusError `UNAUTHENTICATED` for some that are no credentials here, and for more than one: which of them counts
 *   would be a matter of taste, and of attacks.
 */
export function credentialsOf(headers: IncomingHttpHeaders): Credentials | undefined {
  const found: Credentials[] = [];
  if (headers.authorization !== undefined) found.push(bearer(headers.authorization));
  const key = headers['x-api-key'];
  if (key !== undefined) found.push({ kind: 'apiKey', secret: String(key) });
  const protocols = headers['sec-websocket-protocol'];
  if (protocols !== undefined) found.push(...fromProtocols(protocols));
  if (found.length > 1) throw refusal('the request has more than one of them; send one');
  return found[0];
}

function bearer(header: string): Credentials {
  const secret = bearerPattern.exec(header)?.[1];
  if (secret === undefined) throw refusal('the authorization header must be Bearer, with an API key or a token');
  return ofSecret(secret);
}

function fromProtocols(header: string): Credentials[] {
  return header
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol.startsWith(BEARER_PROTOCOL))
    .map((protocol) => ofSecret(protocol.slice(BEARER_PROTOCOL.length)));
}

function ofSecret(secret: string): Credentials {
  return { kind: secret.startsWith(API_KEY_PREFIX) ? 'apiKey' : 'jwt', secret };
}

function refusal(what: string): IsthmusError {
  return new IsthmusError('UNAUTHENTICATED', { detail: `credentials are not valid: ${what}` });
}
