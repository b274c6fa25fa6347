/** Who sent a request, once that is proven. */
import type { Caller } from '@isthmus/core';
import type { RateLimit } from './options.ts';
import { Scopes } from './scopes.ts';

export interface Identity {
  /** What C handlers are told; undefined: somebody who showed no credentials. */
  readonly caller: Caller | undefined;
  readonly scopes: Scopes;
  /** In place of the one that holds for all. */
  readonly rateLimit: RateLimit | undefined;
  /** When its credentials end, as Date.now() counts; Infinity: never. */
  readonly expiresMs: number;
}

/** How somebody proved who it is: the `method` of its `Caller`. */
export type Proof = 'api-key' | 'jwt' | 'mtls';

/** The most that may be said of a caller, in bytes: with keys and padding it has to fit into a record's metadata, of 4,096. */
export const MAX_CALLER_BYTES = 3072;

/** The parts of an identity that a configuration or a token gives. */
export interface IdentityParts {
  readonly subject: string;
  readonly tenant?: string | undefined;
  readonly scopes: readonly string[];
  readonly rateLimit?: RateLimit | undefined;
  readonly expiresMs?: number;
}

export function identityOf(method: Proof, parts: IdentityParts): Identity {
  const { subject, tenant, scopes, rateLimit, expiresMs = Infinity } = parts;
  const caller = { subject, scopes, method, ...(tenant !== undefined && { tenant }) };
  return { caller, scopes: new Scopes(scopes), rateLimit, expiresMs };
}

/** Whether that much can be said of a caller to a C handler. */
export function isTooLong({ subject, tenant = '', scopes }: IdentityParts): boolean {
  return Buffer.byteLength([subject, tenant, ...scopes].join(' ')) > MAX_CALLER_BYTES;
}

/** `api-key:panel`: names a caller in log lines, and tells it from all others. */
export function callerName({ subject, method }: Caller): string {
  return `${method}:${subject}`;
}

/** Somebody who showed no credentials. */
export function anonymousWith(scopes: readonly string[]): Identity {
  return { caller: undefined, scopes: new Scopes(scopes), rateLimit: undefined, expiresMs: Infinity };
}
