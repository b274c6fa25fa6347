/** `auth` of a configuration, and of a plugin's options: who may talk to the gateway. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { IsthmusError } from '@isthmus/schema';
import { isApiKeyHash, isApiKeyId } from '../auth/api-keys.ts';
import { plainFingerprint } from '../auth/certificates.ts';
import { isTooLong, MAX_CALLER_BYTES } from '../auth/identity.ts';
import {
  type ApiKeyEntry,
  type AuthOptions,
  type AuthSettings,
  asymmetricAlgorithms,
  type CertificateEntry,
  type JwtOptions,
  type JwtSettings,
  type RateLimit,
} from '../auth/options.ts';
import { isScope } from '../auth/scopes.ts';
import { isLoopback } from '../http/hosts.ts';
import { checkKeys, checkText, checkTexts, integer, type Key, type Keys, optional, text } from './keys.ts';
import { ConfigProblem, refuse, runAll, show } from './problem.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** A key that has to be there. */
function needed<T>(check: (value: unknown, path: string) => T): Key<T> {
  return { default: undefined, check: (value, path) => check(value ?? refuse(path, 'is missing'), path) };
}

export const rateLimitKeys: Keys<RateLimit> = {
  max: needed(integer({ min: 1, max: 1_000_000_000, default: 1 }).check),
  windowMs: integer({ min: 1, max: dayMs, default: 60_000 }),
};

const grantKeys = {
  scopes: needed(checkScopes),
  tenant: optional(checkText),
  rateLimit: optional((value: unknown, path: string) => checkKeys(rateLimitKeys, value, path)),
};

export const apiKeyKeys: Keys<ApiKeyEntry> = {
  id: needed(checkId),
  hash: needed(checkHash),
  ...grantKeys,
  expires: optional(checkTime),
};

export const jwtKeys: Keys<JwtOptions> = {
  issuer: needed(checkText),
  audience: needed((value, path) => (typeof value === 'string' ? [checkText(value, path)] : checkTexts(value, path))),
  jwks: needed(checkJwks),
  algorithms: { default: 'all of them', check: checkAlgorithms },
  clockToleranceSeconds: integer({ min: 0, max: 300, default: 5 }),
  scopesClaim: text({ default: 'scope' }),
  tenantClaim: optional(checkText),
};

export const certificateKeys: Keys<CertificateEntry> = {
  subject: optional(checkText),
  san: optional(checkText),
  fingerprint256: optional(checkFingerprint),
  ...grantKeys,
};

const anonymousKeys: Keys<{ readonly scopes: readonly string[] }> = { scopes: grantKeys.scopes };

export const authKeys: Keys<AuthOptions> = {
  apiKeys: { default: '`[]`', check: (value = [], path) => listOf(value, path, checkApiKey) },
  apiKeysFile: optional(checkText),
  jwt: optional((value, path) => checkKeys(jwtKeys, value, path)),
  mtls: { default: '`[]`', check: (value = [], path) => listOf(value, path, checkCertificate) },
  anonymous: optional((value, path) => checkKeys(anonymousKeys, value, path)),
};

/** @param folder From where files count. */
export function checkAuth(value: unknown, path: string, folder: string): AuthSettings {
  const { apiKeys = [], apiKeysFile, jwt, mtls = [], anonymous } = checkKeys(authKeys, value, path);
  const more =
    apiKeysFile === undefined ? [] : readKeys(resolve(folder, apiKeysFile), `${path}.apiKeysFile (${apiKeysFile})`);
  const all = [...apiKeys, ...more];
  const twice = all.find(({ id }, index) => all.findIndex((one) => one.id === id) !== index);
  if (twice !== undefined) refuse(`${path}.apiKeys`, `has two keys with the id ${twice.id}`);
  return {
    apiKeys: all,
    apiKeysFile: undefined,
    jwt: jwt === undefined ? undefined : jwtSettings(jwt, `${path}.jwt`, folder),
    mtls,
    anonymous: anonymous ?? { scopes: [] },
  };
}

/**
 * The same for options that no configuration was made of. What was checked already stays as it is.
 *
 * @throws IsthmusError `INVALID_ARGUMENT`, which names every key that is wrong.
 */
export function authSettings(options: AuthOptions): AuthSettings {
  try {
    return checkAuth(options, 'auth', '.');
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    throw new IsthmusError('INVALID_ARGUMENT', { detail: error.problems.join('; '), cause: error });
  }
}

function jwtSettings(jwt: JwtOptions, path: string, folder: string): JwtSettings {
  const { issuer, audience, jwks, algorithms = asymmetricAlgorithms, clockToleranceSeconds = 5 } = jwt;
  const { scopesClaim = 'scope', tenantClaim } = jwt;
  if (scopesClaim === tenantClaim) refuse(`${path}.tenantClaim`, 'is the claim with the scopes');
  return {
    issuer,
    audience: typeof audience === 'string' ? [audience] : audience,
    jwks: URL.canParse(jwks) ? jwks : resolve(folder, jwks),
    algorithms,
    clockToleranceSeconds,
    scopesClaim,
    tenantClaim,
  };
}

function readKeys(file: string, path: string): readonly ApiKeyEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    refuse(path, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return listOf(value, path, checkApiKey);
}

function listOf<T>(value: unknown, path: string, check: (value: unknown, path: string) => T): readonly T[] {
  if (!Array.isArray(value)) refuse(path, `must be a list, not ${show(value)}`);
  const checked: T[] = [];
  runAll(value.map((entry: unknown, index) => () => checked.push(check(entry, `${path}[${index}]`))));
  return checked;
}

function checkApiKey(value: unknown, path: string): ApiKeyEntry {
  const entry = checkKeys(apiKeyKeys, value, path);
  if (isTooLong({ ...entry, subject: entry.id })) refuse(path, tooLong);
  return entry;
}

function checkCertificate(value: unknown, path: string): CertificateEntry {
  const entry = checkKeys(certificateKeys, value, path);
  const { subject, san, fingerprint256 } = entry;
  const ways = Object.entries({ subject, san, fingerprint256 }).filter(([, way]) => way !== undefined);
  if (ways.length !== 1) refuse(path, 'needs exactly one of subject, san and fingerprint256');
  if (isTooLong({ ...entry, subject: subject ?? '' })) refuse(path, tooLong);
  return entry;
}

const tooLong = `its names and scopes are longer than the ${MAX_CALLER_BYTES} bytes that can be told to a C handler`;

function checkScopes(value: unknown, path: string): readonly string[] {
  const scopes = Array.isArray(value) && value.length === 0 ? [] : checkTexts(value, path);
  runAll(
    scopes.map((scope, index) => () => {
      if (isScope(scope)) return;
      const examples = 'call:SERVICE.METHOD, call:SERVICE.*, call:*, read:REGION, write:REGION, docs or *';
      refuse(`${path}[${index}]`, `must be a scope such as ${examples}, not ${show(scope)}`);
    }),
  );
  return scopes;
}

function checkId(value: unknown, path: string): string {
  const id = checkText(value, path);
  if (!isApiKeyId(id)) refuse(path, `must be 1 to 64 letters, digits, . and -, not ${show(id)}`);
  return id;
}

/** Without showing what is there: it might be a key. */
function checkHash(value: unknown, path: string): string {
  if (typeof value === 'string' && isApiKeyHash(value)) return value;
  return refuse(path, 'must be sha256: and 64 hex digits, as isthmus key new prints it');
}

function checkTime(value: unknown, path: string): string {
  const time = checkText(value, path);
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.test(time);
  if (isTime && !Number.isNaN(Date.parse(time))) return time;
  return refuse(path, `must be a date or a time such as 2027-01-31 or 2027-01-31T12:00:00Z, not ${show(time)}`);
}

function checkJwks(value: unknown, path: string): string {
  const source = checkText(value, path);
  if (!URL.canParse(source)) return source;
  const { protocol, hostname } = new URL(source);
  const isLocal = isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
  if (protocol === 'https:' || (protocol === 'http:' && isLocal)) return source;
  return refuse(
    path,
    `must be an https: URL or a file, not ${show(source)}: whoever can change the keys can be anybody`,
  );
}

function checkAlgorithms(value: unknown, path: string): readonly string[] {
  if (value === undefined) return asymmetricAlgorithms;
  const names = checkTexts(value, path);
  runAll(
    names.map((name, index) => () => {
      if (asymmetricAlgorithms.includes(name)) return;
      refuse(`${path}[${index}]`, `must be one of ${asymmetricAlgorithms.join(', ')}, not ${show(name)}`);
    }),
  );
  return names;
}

function checkFingerprint(value: unknown, path: string): string {
  const fingerprint = plainFingerprint(checkText(value, path));
  if (!/^[0-9a-f]{64}$/.test(fingerprint)) refuse(path, 'must be 32 bytes in hex, as openssl x509 -sha256 prints them');
  return fingerprint;
}
