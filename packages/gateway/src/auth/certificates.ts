/** Client certificates: which of them are known, and as whom. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { IsthmusError } from '@isthmus/schema';
import { type Identity, identityOf } from './identity.ts';
import type { CertificateEntry } from './options.ts';

export class Certificates {
  readonly #entries: readonly CertificateEntry[];
  /** Looked at once for each connection. */
  readonly #known = new WeakMap<TLSSocket, Identity>();

  constructor(entries: readonly CertificateEntry[]) {
    this.#entries = entries.map(({ fingerprint256, ...entry }) => ({
      ...entry,
      fingerprint256: fingerprint256 === undefined ? undefined : plainFingerprint(fingerprint256),
    }));
  }

  /**
   * Who the other end of a connection is; undefined: it showed no certificate.
   *
   * @throws IsthmusError `UNAUTHENTICATED` for one that is not signed by whom it has to be, has expired, or is nobody's here.
   */
  verify(socket: Socket): Identity | undefined {
    if (!(socket instanceof TLSSocket)) return undefined;
    const known = this.#known.get(socket);
    if (known !== undefined) return notExpired(known);
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return undefined;
    if (!socket.authorized) throw refusal(`it does not verify (${String(socket.authorizationError)})`);
    const entry = this.#entries.find((one) => isOf(one, certificate));
    if (entry === undefined) throw refusal('nobody here is known by it');
    const { tenant, scopes, rateLimit } = entry;
    const expiresMs = certificate.validToDate.getTime();
    const parts = { subject: subjectOf(certificate), tenant, scopes, rateLimit, expiresMs };
    const identity = identityOf('mtls', parts);
    this.#known.set(socket, identity);
    return notExpired(identity);
  }
}

function notExpired(identity: Identity): Identity {
  if (identity.expiresMs <= Date.now()) throw refusal('it has expired');
  return identity;
}

function isOf({ subject, san, fingerprint256 }: CertificateEntry, certificate: X509Certificate): boolean {
  if (fingerprint256 !== undefined) return plainFingerprint(certificate.fingerprint256) === fingerprint256;
  if (san !== undefined) return alternativeNames(certificate.subjectAltName ?? '').includes(san);
  return subjectOf(certificate) === subject;
}

/** In one line. Node escapes commas and line breaks in values, so that no other subject looks the same. */
function subjectOf({ subject }: X509Certificate): string {
  return subject.split('\n').join(', ');
}

/** The names one by one, up to the first that cannot be read. Those with characters that could be taken for more than one are in quotes, and match nothing. */
export function alternativeNames(text: string): readonly string[] {
  return [...text.matchAll(/([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy)].map(
    ([, kind = '', value = '']) => `${kind}:${value}`,
  );
}

export function plainFingerprint(text: string): string {
  return text.replaceAll(':', '').toLowerCase();
}

function refusal(reason: string): IsthmusError {
  return new IsthmusError('UNAUTHENTICATED', { detail: `the client certificate is not accepted: ${reason}` });
}
