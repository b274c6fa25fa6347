/** From a request to who sent it. */
import { IsthmusError } from '@isthmus/schema';
import type { FastifyRequest } from 'fastify';
import { ApiKeys, idOfApiKey } from './api-keys.ts';
import { Certificates } from './certificates.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { anonymousWith, type Identity } from './identity.ts';
import type { AuthSettings } from './options.ts';
import { Tokens } from './tokens.ts';

/** Throws when nothing more may be tried from this request's address for now. */
export type Brake = (request: FastifyRequest) => Promise<void>;

export class Authenticator {
  readonly #keys: ApiKeys;
  readonly #tokens: Tokens | undefined;
  readonly #certificates: Certificates | undefined;
  /** Who shows no credentials. */
  readonly anonymous: Identity;

  private constructor(settings: AuthSettings, tokens: Tokens | undefined) {
    this.#keys = new ApiKeys(settings.apiKeys);
    this.#tokens = tokens;
    // Where none are known, a certificate is for the connection alone.
    this.#certificates = settings.mtls.length === 0 ? undefined : new Certificates(settings.mtls);
    this.anonymous = anonymousWith(settings.anonymous.scopes);
  }

  /** @throws IsthmusError `SYSTEM` when a file of keys cannot be read. */
  static async open(settings: AuthSettings): Promise<Authenticator> {
    return new Authenticator(settings, settings.jwt === undefined ? undefined : await Tokens.open(settings.jwt));
  }

  /**
   * Who sent a request. Headers count before a certificate, which belongs to the connection. Answers at once unless a signature
   * has to be verified.
   *
   * @param brake Asked before a signature is verified, which costs more than all the rest.
   * @throws IsthmusError `UNAUTHENTICATED` for bad credentials: they are never taken for none.
   */
  identify(request: FastifyRequest, brake: Brake): Identity | Promise<Identity> {
    const credentials = credentialsOf(request.headers);
    if (credentials === undefined) return this.#certificates?.verify(request.raw.socket) ?? this.anonymous;
    const { kind, secret } = credentials;
    const known = kind === 'jwt' ? this.#tokens?.remembered(secret) : this.#keys.find(secret);
    return known ?? this.#verify(credentials, request, brake);
  }

  /** What takes longer: a signature, or saying no. */
  async #verify({ kind, secret }: Credentials, request: FastifyRequest, brake: Brake): Promise<Identity> {
    request.isthmusClaim = kind === 'jwt' ? 'jwt' : `api-key:${idOfApiKey(secret) ?? '?'}`;
    if (kind === 'apiKey') throw unknown('this API key is not known, or has expired');
    if (this.#tokens === undefined) throw unknown('tokens are not accepted here, and this is no API key');
    await brake(request);
    const identity = await this.#tokens.verify(secret);
    request.isthmusClaim = null;
    return identity;
  }
}

function unknown(detail: string): IsthmusError {
  return new IsthmusError('UNAUTHENTICATED', { detail });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent it; null on open routes, where nobody asks, and where there is no authentication. */
    isthmusIdentity: Identity | null;
    /** Whose credentials it showed that were not good; null: none. */
    isthmusClaim: string | null;
  }
}
