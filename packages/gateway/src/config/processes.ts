/** The keys of services that Isthmus starts, and what becomes of them. */
import { resolve } from 'node:path';
import type { ResourceLimits } from '../supervisor/limits.ts';
import { checkCpus } from './cpus.ts';
import { checkEnvironment, checkKeys, checkText, flag, integer, type Key, type Keys, list, optional } from './keys.ts';
import { refuse, show } from './problem.ts';
import type { AllowConfig, ProcessSettings } from './types.ts';

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
const maxId = 2 ** 32 - 2;
/** As many of each as the C library takes. */
const maxAllowed = 64;

interface LivenessValues {
  readonly intervalMs: number;
  readonly timeoutMs: number | undefined;
  readonly replace: boolean;
}

/** What was given, checked; what may be left out, undefined. */
export interface ProcessValues
  extends Pick<ProcessSettings, 'instances' | 'cleanEnv' | 'startTimeoutMs' | 'drainTimeoutMs' | 'socketMode'> {
  readonly threads: number | undefined;
  readonly cpus: string | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly cwd: string | undefined;
  readonly after: readonly string[] | undefined;
  readonly liveness: LivenessValues | undefined;
  readonly limits: ResourceLimits | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly allow: Required<AllowConfig> | undefined;
}

export const limitKeys: Keys<ResourceLimits> = {
  memoryBytes: optional(integer({ min: 2 ** 24, max: 2 ** 46, default: 0 }).check),
  openFiles: optional(integer({ min: 32, max: 2 ** 20, default: 0 }).check),
  cpuSeconds: optional(integer({ min: 1, max: 2 ** 31, default: 0 }).check),
  cpus: optional(checkCpus),
};

const usualAnswerMs = 10_000;
const answerMs = integer({ min: 10, max: dayMs, default: usualAnswerMs });

export const livenessKeys: Keys<LivenessValues> = {
  intervalMs: integer({ min: 10, max: hourMs, default: 1000 }),
  timeoutMs: { default: answerMs.default, check: optional(answerMs.check).check },
  replace: flag({ default: true }),
};

export const allowKeys: Keys<AllowConfig> = {
  uids: ids(),
  gids: ids(),
};

export const processKeys: Keys<ProcessValues> = {
  instances: integer({ min: 1, max: 64, default: 1 }),
  threads: optional(integer({ min: 1, max: 64, default: 1 }).check),
  cpus: optional(checkCpus),
  env: optional(checkEnvironment),
  cleanEnv: flag({ default: false }),
  cwd: optional(checkText),
  after: optional((value, path) => list(value, path, checkText)),
  startTimeoutMs: integer({ min: 1, max: hourMs, default: 10_000 }),
  drainTimeoutMs: integer({ min: 1, max: hourMs, default: 10_000 }),
  liveness: {
    default: undefined,
    check: (value, path) => (value === false ? undefined : checkKeys(livenessKeys, value, path)),
  },
  limits: optional((value, path) => checkKeys(limitKeys, value, path)),
  user: optional(checkName),
  group: optional(checkName),
  socketMode: { default: '`0o600`', check: (value = 0o600, path) => checkMode(value, path) },
  allow: optional((value, path) => checkKeys(allowKeys, value, path)),
};

/** Puts what follows from the others, or from the configuration's folder, in the place of what was left out. */
export function processOf(values: ProcessValues & { readonly timeoutMs: number }, folder: string): ProcessSettings {
  const { instances, threads, cpus, cleanEnv, startTimeoutMs, drainTimeoutMs, user, group, socketMode } = values;
  const { env = {}, cwd = '.', after = [], limits = {}, allow = { uids: [], gids: [] } } = values;
  // A handler may well take as long as its calls may.
  const liveness = values.liveness && {
    ...values.liveness,
    timeoutMs: values.liveness.timeoutMs ?? Math.max(usualAnswerMs, values.timeoutMs),
  };
  return {
    ...{ instances, threads, cpus, env, cleanEnv, cwd: resolve(folder, cwd), after, startTimeoutMs, drainTimeoutMs },
    ...{ liveness, limits, user, group, socketMode, allow },
  };
}

/** A user or a group, by name or number. */
function checkName(value: unknown, path: string): string {
  if (typeof value === 'string' && /^\w[\w.-]{0,63}\$?$/.test(value)) return value;
  return refuse(path, `must be a name or a number, as a text, not ${show(value)}`);
}

function checkMode(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 0o777) return value;
  return refuse(path, `must be permission bits, 0o001 to 0o777, not ${show(value)}`);
}

function ids(): Key<readonly number[]> {
  const one = integer({ min: 0, max: maxId, default: 0 });
  return {
    default: '`[]`',
    check(value = [], path) {
      const found = list(value, path, (id, place) => one.check(id ?? null, place));
      return found.length <= maxAllowed ? found : refuse(path, `must be at most ${maxAllowed}, not ${found.length}`);
    },
  };
}
