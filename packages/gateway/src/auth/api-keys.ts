/** API keys: made here, kept as hashes, compared in constant time. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Identity, identityOf } from './identity.ts';
import type { ApiKeyEntry } from './options.ts';

/** What every key begins with: tells it from a token, and lets scanners for leaked secrets find it. */
export const API_KEY_PREFIX = 'isth_';

/** Random bytes of a key. */
const SECRET_BYTES = 32;

const keyPattern = /^isth_([A-Za-z0-9.-]{1,64})_[A-Za-z0-9_-]{43}$/;
const hashPattern = /^sha256:[0-9a-f]{64}$/;

export function isApiKeyId(text: string): boolean {
  return /^[A-Za-z0-9.-]{1,64}$/.test(text);
}

export function isApiKeyHash(text: string): boolean {
  return hashPattern.test(text);
}

/** A new key with 256 random bits, which is shown once, and the hash of it, which is kept. */
export function newApiKey(id: string): { readonly key: string; readonly hash: string } {
  const key = `${API_KEY_PREFIX}${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { key, hash: hashOfApiKey(key) };
}

/**
 * SHA-256 is enough here, and a slow hash with a salt would add nothing: those make guessing expensive where people choose the
 * secret. A key has 256 random bits, which nobody guesses at any speed.
 */
export function hashOfApiKey(key: string): string {
  return `sha256:${hash('sha256', key)}`;
}

/** The id that a key claims to be of; undefined: it is no key. */
export function idOfApiKey(key: string): string | undefined {
  return keyPattern.exec(key)?.[1];
}

interface KnownKey {
  readonly digest: Buffer;
  readonly identity: Identity;
}

/** The keys that a gateway knows. */
export class ApiKeys {
  readonly #known = new Map<string, KnownKey>();
  /** What keys of unknown ids are compared with, so that they take as long. */
  readonly #nobody = randomBytes(32);

  constructor(entries: readonly ApiKeyEntry[]) {
    for (const { id, hash: text, expires, ...grant } of entries) {
      const digest = Buffer.from(text.slice('sha256:'.length), 'hex');
      const expiresMs = expires === undefined ? Infinity : Date.parse(expires);
      this.#known.set(id, { digest, identity: identityOf('api-key', { subject: id, expiresMs, ...grant }) });
    }
  }

  /** Whose key it is; undefined: nobody's, or it has expired. */
  find(key: string): Identity | undefined {
    const known = this.#known.get(idOfApiKey(key) ?? '');
    const isEqual = timingSafeEqual(hash('sha256', key, 'buffer'), known?.digest ?? this.#nobody);
    return known !== undefined && isEqual && known.identity.expiresMs > Date.now() ? known.identity : undefined;
  }
}
