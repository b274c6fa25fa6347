/** Who may use a gateway, as its options and its configuration say it. */

/** How many requests one caller may send. */
export interface RateLimit {
  /** The most requests in a window, 1 to 1,000,000,000. */
  readonly max: number;
  /** The window's length in ms, 1 to 86,400,000. */
  readonly windowMs: number;
}

/** What a caller who proved who it is may do. */
interface Grant {
  /** `call:pricing.quote`, `call:pricing.*`, `call:*`, `read:feed.market`, `write:boiler`, `docs`, or `*`: everything. */
  readonly scopes: readonly string[];
  /** Handed on to the C handlers, beside the caller's name. */
  readonly tenant?: string | undefined;
  /** In place of the one that holds for all. */
  readonly rateLimit?: RateLimit | undefined;
}

/** An API key, as `isthmus key new` prints it: only its hash is kept. */
export interface ApiKeyEntry extends Grant {
  /** Letters, digits, `.` and `-`: part of the key, of log lines, and the caller's name for the C handlers. */
  readonly id: string;
  /** `sha256:` and 64 hex digits. */
  readonly hash: string;
  /** From when on it is refused: a date (2027-01-31, its first moment in UTC) or a time (2027-01-31T12:00:00Z). Default: never. */
  readonly expires?: string | undefined;
}

/** Tokens of an issuer: JSON Web Tokens, checked with the keys that it publishes. */
export interface JwtOptions {
  /** What `iss` of a token has to be. */
  readonly issuer: string;
  /** What `aud` of a token has to name: this, or one of these. */
  readonly audience: string | readonly string[];
  /** The issuer's keys (JWKS): an `https:` URL, or a file. `http:` only to this machine itself. */
  readonly jwks: string;
  /** Asymmetric ones only: with a shared secret, whoever can check a token can make one. Default: all of them. */
  readonly algorithms?: readonly string[] | undefined;
  /** How far apart the clocks of the issuer and of this machine may be, 0 to 300. Default 5. */
  readonly clockToleranceSeconds?: number | undefined;
  /** The claim with the scopes: a text with spaces between them, or a list. Default `scope`. */
  readonly scopesClaim?: string | undefined;
  /** The claim with the tenant. Default: none. */
  readonly tenantClaim?: string | undefined;
}

/** A client certificate, told by exactly one of `subject`, `san` and `fingerprint256`. */
export interface CertificateEntry extends Grant {
  /** The whole subject, in the certificate's order: `O=Plant, CN=panel`. */
  readonly subject?: string | undefined;
  /** One of its alternative names: `DNS:panel.plant.example`, `URI:spiffe://plant/panel`. */
  readonly san?: string | undefined;
  /** SHA-256 of the whole certificate: hex digits, with or without colons. */
  readonly fingerprint256?: string | undefined;
}

export interface AuthOptions {
  readonly apiKeys?: readonly ApiKeyEntry[] | undefined;
  /** A JSON file with more of them, in a list, read once at the start. */
  readonly apiKeysFile?: string | undefined;
  readonly jwt?: JwtOptions | undefined;
  /** Goes with `http.tls.clientCertificates`. */
  readonly mtls?: readonly CertificateEntry[] | undefined;
  /** What callers without any credentials may do. Default: nothing. */
  readonly anonymous?: Pick<Grant, 'scopes'> | undefined;
}

export interface JwtSettings {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** A URL, or an absolute path. */
  readonly jwks: string;
  readonly algorithms: readonly string[];
  readonly clockToleranceSeconds: number;
  readonly scopesClaim: string;
  readonly tenantClaim: string | undefined;
}

/** What was checked: every default in place, the keys of the file among the others. */
export interface AuthSettings {
  readonly apiKeys: readonly ApiKeyEntry[];
  readonly apiKeysFile: undefined;
  readonly jwt: JwtSettings | undefined;
  readonly mtls: readonly CertificateEntry[];
  readonly anonymous: Pick<Grant, 'scopes'>;
}

/** TLS, and whether clients show certificates of their own. Files in PEM. */
export interface TlsOptions {
  /** The gateway's certificate, with those between it and the root. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
  /** Certificates of those who sign the clients' ones. */
  readonly ca?: string | undefined;
  /** `optional`: who shows none goes on, and needs other credentials. `required`: no connection without. Default `none`. */
  readonly clientCertificates?: 'none' | 'optional' | 'required' | undefined;
}

/** Default algorithms, and all that may be asked for. */
export const asymmetricAlgorithms: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
