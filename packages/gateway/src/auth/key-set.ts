/** The keys that an issuer publishes (JWKS), from a URL or a file. */
import { readFile } from 'node:fs/promises';
import { IsthmusError } from '@isthmus/schema';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** How long fetching may take, in ms. */
const FETCH_TIMEOUT_MS = 5000;
/** How often a token with an unknown key may have them fetched again, and how long they are good for, in ms. */
const COOLDOWN_MS = 30_000;
const MAX_AGE_MS = 600_000;
/** How long after a failure nobody tries again, in ms: requests must not become requests to an issuer that is down. */
const REST_MS = 2000;

/**
 * Finds the key of a token. An unknown one is jose's `JWKSNoMatchingKey`: the token's fault.
 *
 * @throws IsthmusError `SYSTEM` when the keys cannot be had, which is not.
 */
export async function openKeySet(source: string): Promise<JWTVerifyGetKey> {
  if (URL.canParse(source)) return remoteKeySet(new URL(source));
  try {
    const set: JSONWebKeySet = JSON.parse(await readFile(source, 'utf8'));
    return createLocalJWKSet(set);
  } catch (cause) {
    throw unavailable(source, cause);
  }
}

function remoteKeySet(url: URL): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(url, {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: MAX_AGE_MS,
  });
  let failure: { readonly error: IsthmusError; readonly atMs: number } | undefined;
  return async (header, token) => {
    if (failure !== undefined && performance.now() - failure.atMs < REST_MS) throw failure.error;
    try {
      return await remote(header, token);
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) throw cause;
      failure = { error: unavailable(url.href, cause), atMs: performance.now() };
      throw failure.error;
    }
  };
}

function unavailable(source: string, cause: unknown): IsthmusError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new IsthmusError('SYSTEM', { detail: `the keys of tokens cannot be had from ${source}: ${reason}`, cause });
}
