/** Every key of the configuration, with its check and default: what the validator and the test of docs/config.md read. */
import { isService, type Service } from '@isthmus/schema';
import {
  checkEnvironment,
  checkKeys,
  checkObject,
  checkText,
  checkTexts,
  choice,
  integer,
  type Keys,
  optional,
  origins,
  pages,
  ringBytes,
  text,
} from './keys.ts';
import { refuse, show } from './problem.ts';
import type { ClientSettings, HttpConfig, LogConfig } from './types.ts';

const dayMs = 24 * 60 * 60 * 1000;

export const httpKeys: Keys<HttpConfig> = {
  host: text({ default: '127.0.0.1' }),
  port: integer({ min: 0, max: 65_535, default: 8080 }),
  bodyLimitBytes: integer({ min: 1, max: 2 ** 30, default: 2 ** 20 }),
  maxTimeoutMs: integer({ min: 1, max: dayMs, default: 60_000 }),
  maxWatchers: integer({ min: 1, max: 1_000_000, default: 10_000 }),
  origins: origins({ default: [] }),
  pages: pages({ default: {} }),
};

export const logKeys: Keys<LogConfig> = {
  level: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
};

/** What connect() takes. */
export const clientKeys: Keys<ClientSettings> = {
  timeoutMs: integer({ min: 1, max: dayMs, default: 5000 }),
  patienceMs: integer({ min: 0, max: dayMs, default: 0 }),
  wait: choice(['adaptive', 'block', 'spin'], { default: 'adaptive' }),
  maxInFlight: integer({ min: 1, max: 65_536, default: 4096 }),
  requestRingBytes: ringBytes({ default: 2 ** 20 }),
  replyRingBytes: ringBytes({ default: 2 ** 20 }),
  connectTimeoutMs: integer({ min: 1, max: dayMs, default: 2000 }),
};

interface ProcessValues {
  readonly instances: number;
  readonly threads: number | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly cwd: string | undefined;
}

/** Keys of services that Isthmus starts. */
export const processKeys: Keys<ProcessValues> = {
  instances: integer({ min: 1, max: 64, default: 1 }),
  threads: optional(integer({ min: 1, max: 64, default: 1 }).check),
  env: optional(checkEnvironment),
  cwd: optional(checkText),
};

/** A service's keys as the user gave them, checked each for itself. */
export interface ServiceValues extends ClientSettings, ProcessValues {
  readonly schema: Service;
  readonly command: readonly string[] | undefined;
  readonly build: readonly string[] | undefined;
  readonly sources: readonly string[] | undefined;
  readonly path: string | undefined;
  readonly header: string | undefined;
  readonly example: Readonly<Record<string, unknown>> | undefined;
}

export const serviceKeys: Keys<ServiceValues> = {
  schema: { default: undefined, check: checkSchema },
  command: optional(checkTexts),
  build: optional(checkTexts),
  sources: optional(checkTexts),
  path: optional(checkText),
  ...processKeys,
  ...clientKeys,
  header: optional(checkText),
  example: optional(checkObject),
};

interface BridgeValues {
  readonly http: Required<HttpConfig>;
  readonly log: Required<LogConfig>;
  readonly services: Readonly<Record<string, unknown>>;
  readonly regions: Readonly<Record<string, unknown>>;
}

export const bridgeKeys: Keys<BridgeValues> = {
  http: { default: undefined, check: (value, path) => checkKeys(httpKeys, value, path) },
  log: { default: undefined, check: (value, path) => checkKeys(logKeys, value, path) },
  services: { default: undefined, check: (value = {}, path) => checkObject(value, path) },
  regions: { default: undefined, check: (value = {}, path) => checkObject(value, path) },
};

function checkSchema(value: unknown, path: string): Service {
  return isService(value)
    ? value
    : refuse(path, `must be what service() of @isthmus/schema returned, not ${show(value)}`);
}
