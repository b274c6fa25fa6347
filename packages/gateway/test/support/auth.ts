/** Keys, tokens and certificates for tests. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type ApiKeyEntry, type JwtOptions, newApiKey } from '../../src/index.ts';

export interface TestKey {
  readonly key: string;
  readonly entry: ApiKeyEntry;
  readonly headers: Record<string, string>;
}

export function apiKey(id: string, scopes: readonly string[], more: Partial<ApiKeyEntry> = {}): TestKey {
  const { key, hash } = newApiKey(id);
  return { key, entry: { id, hash, scopes, ...more }, headers: { authorization: `Bearer ${key}` } };
}

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'https://bridge.example';

/** Signs tokens, and publishes its keys as a file and over HTTP. */
export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  readonly file: string;
  /** How often the keys were fetched. */
  readonly fetches: () => number;
  /** What it answers from now on; undefined: the keys. */
  fail(status: number | undefined): void;
  options(more?: Partial<JwtOptions>): JwtOptions;
  sign(claims?: Readonly<Record<string, unknown>>, header?: { kid?: string; alg?: string }): Promise<string>;
}

export async function startIssuer(folder: string, alg = 'ES256'): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg, use: 'sig' }] });
  const file = join(folder, 'jwks.json');
  writeFileSync(file, keys);
  let fetches = 0;
  let failure: number | undefined;
  const server: Server = createServer((_request, response) => {
    fetches++;
    response.writeHead(failure ?? 200, { 'content-type': 'application/json' }).end(keys);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/jwks.json`;
  return {
    url,
    file,
    fetches: () => fetches,
    fail(status) {
      failure = status;
    },
    options: (more = {}) => ({ issuer: ISSUER, audience: AUDIENCE, jwks: file, ...more }),
    sign: (claims = {}, header = {}) => {
      const nowS = Math.floor(Date.now() / 1000);
      const all = { iss: ISSUER, aud: AUDIENCE, sub: 'ada', iat: nowS, exp: nowS + 600, scope: 'call:*', ...claims };
      return new SignJWT(all).setProtectedHeader({ alg, kid: 'one', ...header }).sign(privateKey);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates with the openssl command, in a folder of its own. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;
  readonly ca: TestCertificate;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.ca = this.#files(`${name}-ca`);
    const { cert, key } = this.ca;
    this.#openssl('req', '-x509', ...newKey, '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`);
  }

  issue(subject: string, san?: string): TestCertificate {
    const files = this.#files(subject.replaceAll(/\W/g, '-'));
    const request = `${files.cert}.csr`;
    this.#openssl('req', ...newKey, '-keyout', files.key, '-out', request, '-subj', subject);
    const extensions = `${files.cert}.ext`;
    writeFileSync(extensions, san === undefined ? '' : `subjectAltName=${san}\n`);
    const signer = ['-CA', this.ca.cert, '-CAkey', this.ca.key, '-CAcreateserial'];
    this.#openssl('x509', '-req', '-in', request, ...signer, '-days', '2', '-extfile', extensions, '-out', files.cert);
    return files;
  }

  #files(name: string): TestCertificate {
    const base = join(this.#folder, `${this.#name}${name}`);
    return { cert: `${base}.crt`, key: `${base}.key` };
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
