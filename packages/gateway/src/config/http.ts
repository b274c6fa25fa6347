/** The keys of `http`, each with its check and default. */

import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { TlsOptions } from '../auth/options.ts';
import { hostProblem } from '../http/hosts.ts';
import { serverDefaults } from '../http/server.ts';
import { rateLimitKeys } from './auth.ts';
import { checkCpus } from './cpus.ts';
import {
  checkKeys,
  checkText,
  checkTexts,
  choice,
  integer,
  type Keys,
  optional,
  origins,
  pages,
  text,
} from './keys.ts';
import { refuse, runAll, show } from './problem.ts';
import type { HttpConfig } from './types.ts';

const dayMs = 24 * 60 * 60 * 1000;

export const tlsKeys: Keys<TlsOptions> = {
  cert: { default: undefined, check: checkText },
  key: { default: undefined, check: checkText },
  ca: optional(checkText),
  clientCertificates: choice(['none', 'optional', 'required'], { default: 'none' }),
};

export const httpKeys: Keys<HttpConfig> = {
  host: text({ default: '127.0.0.1' }),
  port: integer({ min: 0, max: 65_535, default: 8080 }),
  workers: { default: '1', check: checkWorkers },
  cpus: optional(checkCpus),
  tls: optional(checkTls),
  hosts: optional(checkHosts),
  origins: origins({ default: [] }),
  rateLimit: optional((value, path) => checkKeys(rateLimitKeys, value, path)),
  trustProxy: { default: '`[]`', check: checkProxies },
  bodyLimitBytes: integer({ min: 1, max: 2 ** 30, default: 2 ** 20 }),
  maxHeaderBytes: integer({ min: 1024, max: 2 ** 20, default: serverDefaults.maxHeaderBytes }),
  maxConnections: integer({ min: 1, max: 1_000_000, default: serverDefaults.maxConnections }),
  requestTimeoutMs: integer({ min: 1, max: dayMs, default: serverDefaults.requestTimeoutMs }),
  headersTimeoutMs: integer({ min: 1, max: dayMs, default: serverDefaults.headersTimeoutMs }),
  keepAliveTimeoutMs: integer({ min: 1, max: dayMs, default: serverDefaults.keepAliveTimeoutMs }),
  maxTimeoutMs: integer({ min: 1, max: dayMs, default: 60_000 }),
  maxInFlight: integer({ min: 1, max: 1_000_000, default: 4096 }),
  maxWatchers: integer({ min: 1, max: 1_000_000, default: 10_000 }),
  pages: pages({ default: {} }),
};

/** With its files absolute. */
export function resolveHttp<T extends Pick<Required<HttpConfig>, 'pages' | 'tls'>>(http: T, folder: string): T {
  const pageFolders = Object.entries(http.pages).map(([path, pageFolder]) => [path, resolve(folder, pageFolder)]);
  const { tls } = http;
  return {
    ...http,
    pages: Object.fromEntries(pageFolders),
    tls: tls && {
      ...tls,
      cert: resolve(folder, tls.cert),
      key: resolve(folder, tls.key),
      ca: tls.ca === undefined ? undefined : resolve(folder, tls.ca),
    },
  };
}

/** `isthmus start --workers` takes no more either. */
export const maxWorkers = 64;

function checkWorkers(value: unknown = 1, path: string): number | 'auto' {
  if (value === 'auto') return value;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxWorkers) return value;
  return refuse(path, `must be a whole number from 1 to ${maxWorkers}, or 'auto', not ${show(value)}`);
}

function checkTls(value: unknown, path: string): TlsOptions {
  const tls = checkKeys(tlsKeys, value, path);
  if (tls.clientCertificates !== 'none' && tls.ca === undefined) {
    refuse(`${path}.ca`, 'is needed with clientCertificates: it says whose signatures on them count');
  }
  return tls;
}

function checkHosts(value: unknown, path: string): readonly string[] {
  const hosts = checkTexts(value, path);
  runAll(
    hosts.map((host, index) => () => {
      const problem = hostProblem(host);
      if (problem !== undefined) refuse(`${path}[${index}]`, `${problem}, not ${show(host)}`);
    }),
  );
  return hosts;
}

/** Nothing like "all of them": whoever reaches the gateway without a proxy could then say that he is anybody. */
function checkProxies(given: unknown, path: string): readonly string[] {
  const proxies = given === undefined || (Array.isArray(given) && given.length === 0) ? [] : checkTexts(given, path);
  runAll(
    proxies.map((proxy, index) => () => {
      const [address = '', bits, ...rest] = proxy.split('/');
      const version = isIP(address);
      const isNetwork = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32));
      if (version > 0 && isNetwork && rest.length === 0 && bits !== '0') return;
      refuse(`${path}[${index}]`, `must be an address or a network such as 10.0.0.0/8, not ${show(proxy)}`);
    }),
  );
  return proxies;
}
