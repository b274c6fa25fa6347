/** JSON Web Tokens: checked with the issuer's keys, and remembered for a while, so that not every call pays for a signature. */
import { hash } from 'node:crypto';
import { IsthmusError } from '@isthmus/schema';
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { type Identity, type IdentityParts, identityOf, isTooLong } from './identity.ts';
import { openKeySet } from './key-set.ts';
import type { JwtSettings } from './options.ts';
import { isScope } from './scopes.ts';

/** How many tokens are remembered, and for how long at most, in ms: a key that the issuer took back counts no longer than that. */
const MAX_REMEMBERED = 10_000;
const MAX_REMEMBERED_MS = 300_000;

/** A larger one is refused unread, in characters. */
const MAX_TOKEN_CHARACTERS = 8192;

/** RFC 7515, 7.1: in one spelling, so that a good token cannot become many that have to be verified and remembered. */
const tokenPattern = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export class Tokens {
  readonly #settings: JwtSettings;
  readonly #keys: JWTVerifyGetKey;
  /** By the token's hash: whoever reads this memory finds no token. */
  readonly #known = new LRUCache<string, Identity>({ max: MAX_REMEMBERED, ttl: MAX_REMEMBERED_MS });

  private constructor(settings: JwtSettings, keys: JWTVerifyGetKey) {
    this.#settings = settings;
    this.#keys = keys;
  }

  /** @throws IsthmusError `SYSTEM` when the issuer's keys are a file that cannot be read. */
  static async open(settings: JwtSettings): Promise<Tokens> {
    return new Tokens(settings, await openKeySet(settings.jwks));
  }

  /** The identity of a token that was good a moment ago and has not expired; undefined: it has to be verified. */
  remembered(token: string): Identity | undefined {
    const identity = this.#known.get(hash('sha256', token, 'base64'));
    return identity !== undefined && identity.expiresMs > Date.now() ? identity : undefined;
  }

  /** @throws IsthmusError `UNAUTHENTICATED`; `SYSTEM` when the issuer's keys cannot be had. */
  async verify(token: string): Promise<Identity> {
    if (token.length > MAX_TOKEN_CHARACTERS) throw refusal('it is too long');
    if (!tokenPattern.test(token)) throw refusal('it is not one');
    const payload = await this.#payloadOf(token);
    const identity = this.#identityOf(payload);
    this.#known.set(hash('sha256', token, 'base64'), identity);
    return identity;
  }

  async #payloadOf(token: string): Promise<JWTPayload> {
    const { issuer, audience, algorithms, clockToleranceSeconds } = this.#settings;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience: [...audience],
        algorithms: [...algorithms],
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'sub'],
      });
      return payload;
    } catch (error) {
      if (error instanceof IsthmusError) throw error;
      // Without the cause: jose's errors have the token's claims in them.
      throw refusal(reasonOf(error));
    }
  }

  #identityOf(payload: JWTPayload): Identity {
    const { scopesClaim, tenantClaim, clockToleranceSeconds } = this.#settings;
    const { sub, exp = 0 } = payload;
    if (typeof sub !== 'string' || !isName(sub)) throw refusal('its sub is no name');
    const tenant = tenantClaim === undefined ? undefined : payload[tenantClaim];
    if (tenant !== undefined && (typeof tenant !== 'string' || !isName(tenant))) throw refusal('its tenant is no name');
    const parts: IdentityParts = {
      subject: sub,
      tenant,
      scopes: scopesOf(payload[scopesClaim]),
      expiresMs: (exp + clockToleranceSeconds) * 1000,
    };
    if (isTooLong(parts)) throw refusal('its sub, tenant and scopes are too long');
    return identityOf('jwt', parts);
  }
}

/** A token may have scopes for others as well: those are passed over. */
function scopesOf(claim: unknown): readonly string[] {
  const given: readonly unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return given.filter((scope) => typeof scope === 'string').filter(isScope);
}

function isName(text: string): boolean {
  return text !== '' && text.isWellFormed() && !text.includes('\0');
}

/** In words of ours: jose's own may have parts of the token in them. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `its ${error.claim} is missing or another one`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is not good';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not allowed';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its issuer has no such key';
  return 'it is not one';
}

function refusal(reason: string): IsthmusError {
  return new IsthmusError('UNAUTHENTICATED', { detail: `the token is not accepted: ${reason}` });
}
