import { maxMetadataBytes, metadataKeys } from '@isthmus/native';
import { IsthmusError } from '@isthmus/schema';

/**
 * For whom a call is made: reaches the C handler, which asks with `isth_call_metadata`. It is what this program vouches for. The same
 * object may be used for many calls; it is encoded once.
 */
export interface Caller {
  /** Who it is, as it was authenticated. Not empty. */
  readonly subject: string;
  /** Whom the subject belongs to. */
  readonly tenant?: string | undefined;
  /** What it may do: words without blanks. */
  readonly scopes?: readonly string[] | undefined;
  /** How it was authenticated: by the gateway `api-key`, `jwt` or `mtls`. */
  readonly method?: string | undefined;
}

/** What a caller was when it was encoded: a program may use one object for many callers, and none must go for another. */
interface Encoded {
  readonly subject: string;
  readonly tenant: string | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly method: string | undefined;
  readonly bytes: Uint8Array;
}

const known = new WeakMap<Caller, Encoded>();

/** The metadata of a call's record, as c/src/metadata.h lays it out. @throws IsthmusError `INVALID_ARGUMENT`. */
export function metadataOf(caller: Caller): Uint8Array {
  const last = typeof caller === 'object' && caller !== null ? known.get(caller) : undefined;
  if (last !== undefined && isStill(caller, last)) return last.bytes;
  const encoded = encode(caller);
  known.set(caller, encoded);
  return encoded.bytes;
}

function isStill({ subject, tenant, scopes, method }: Caller, last: Encoded): boolean {
  return subject === last.subject && tenant === last.tenant && method === last.method && isSame(scopes, last.scopes);
}

function isSame(scopes: unknown, last: readonly string[] | undefined): boolean {
  if (last === undefined) return scopes === undefined;
  return Array.isArray(scopes) && scopes.length === last.length && last.every((scope, at) => scope === scopes[at]);
}

function encode(caller: Caller): Encoded {
  if (typeof caller !== 'object' || caller === null) throw invalid('', 'must be an object');
  // Read once: what is checked is what is sent.
  const { subject, tenant, method } = caller;
  const scopes = scopesOf(caller.scopes);
  const texts: [number, string][] = [[metadataKeys.subject, textOf('subject', subject)]];
  if (tenant !== undefined) texts.push([metadataKeys.tenant, textOf('tenant', tenant)]);
  if (scopes !== undefined) texts.push([metadataKeys.scopes, scopes.join(' ')]);
  if (method !== undefined) texts.push([metadataKeys.method, textOf('method', method)]);
  return { subject, tenant, scopes, method, bytes: blockOf(texts) };
}

function scopesOf(scopes: unknown): readonly string[] | undefined {
  if (scopes === undefined) return undefined;
  if (!Array.isArray(scopes)) throw invalid('.scopes', 'must be an array');
  return Array.from(scopes, (scope: unknown, index) => {
    const text = textOf(`scopes[${index}]`, scope);
    if (/\s/.test(text)) throw invalid(`.scopes[${index}]`, 'must have no blanks');
    return text;
  });
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalid(`.${name}`, 'must be a text that is not empty');
  // What UTF-8 cannot carry would arrive as another text.
  if (!value.isWellFormed() || value.includes('\0'))
    throw invalid(`.${name}`, 'must have no NUL and no lone surrogate');
  return value;
}

function blockOf(texts: readonly (readonly [number, string])[]): Uint8Array {
  const entries = texts.map(([key, text]) => ({ key, text: Buffer.from(text) }));
  const size = entries.reduce((sum, { text }) => sum + entryBytes(text), 0);
  if (size > maxMetadataBytes) throw invalid('', `takes ${size} bytes, and may take ${maxMetadataBytes}`);
  const block = Buffer.alloc(size);
  let at = 0;
  for (const { key, text } of entries) {
    block.writeUInt16LE(key, at);
    block.writeUInt16LE(text.length, at + 2);
    block.set(text, at + 4);
    at += entryBytes(text);
  }
  return block;
}

function entryBytes(text: Uint8Array): number {
  return 4 + ((text.length + 3) & -4);
}

function invalid(place: string, message: string): IsthmusError {
  return new IsthmusError('INVALID_ARGUMENT', { detail: `caller${place} ${message}` });
}
