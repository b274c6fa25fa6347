/** Every key of the configuration, with its check and default: what the validator and the test of docs/config.md read. */
import { isService, type Service } from '@isthmus/schema';
import { httpKeys } from './http.ts';
import {
  checkKeys,
  checkObject,
  checkText,
  checkTexts,
  choice,
  flag,
  integer,
  type Keys,
  optional,
  ringBytes,
} from './keys.ts';
import { type PolicyValues, policyKeys } from './policies.ts';
import { refuse, show } from './problem.ts';
import { type ProcessValues, processKeys } from './processes.ts';
import type { ConnectionSettings, HttpConfig, LogConfig } from './types.ts';

const dayMs = 24 * 60 * 60 * 1000;

export const logKeys: Keys<LogConfig> = {
  level: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
};

/** What connect() takes. */
export const clientKeys: Keys<ConnectionSettings> = {
  timeoutMs: integer({ min: 1, max: dayMs, default: 5000 }),
  patienceMs: integer({ min: 0, max: dayMs, default: 0 }),
  wait: choice(['adaptive', 'block', 'spin'], { default: 'adaptive' }),
  maxInFlight: integer({ min: 1, max: 65_536, default: 4096 }),
  requestRingBytes: ringBytes({ default: 2 ** 20 }),
  replyRingBytes: ringBytes({ default: 2 ** 20 }),
  connectTimeoutMs: integer({ min: 1, max: dayMs, default: 2000 }),
};

/** A service's keys as the user gave them, checked each for itself. */
export interface ServiceValues extends ConnectionSettings, PolicyValues, ProcessValues {
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
  ...policyKeys,
  header: optional(checkText),
  example: optional(checkObject),
};

interface BridgeValues {
  readonly http: Required<HttpConfig>;
  readonly auth: unknown;
  readonly insecure: boolean;
  readonly log: Required<LogConfig>;
  readonly services: Readonly<Record<string, unknown>>;
  readonly regions: Readonly<Record<string, unknown>>;
}

export const bridgeKeys: Keys<BridgeValues> = {
  http: { default: undefined, check: (value, path) => checkKeys(httpKeys, value, path) },
  // Files in it count from the folder, which is known later.
  auth: { default: undefined, check: (value) => value },
  insecure: flag({ default: false }),
  log: { default: undefined, check: (value, path) => checkKeys(logKeys, value, path) },
  services: { default: undefined, check: (value = {}, path) => checkObject(value, path) },
  regions: { default: undefined, check: (value = {}, path) => checkObject(value, path) },
};

function checkSchema(value: unknown, path: string): Service {
  return isService(value)
    ? value
    : refuse(path, `must be what service() of @isthmus/schema returned, not ${show(value)}`);
}
