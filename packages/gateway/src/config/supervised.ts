/** A service to run, as one `isthmus` process tells it to another: checked like what a user wrote. */
import { IsthmusError } from '@isthmus/schema';
import type { SupervisedService } from '../supervisor/service.ts';
import { checkCpus } from './cpus.ts';
import { checkKeys, checkText, checkTexts, type Keys, list, optional } from './keys.ts';
import { ConfigProblem, refuse } from './problem.ts';
import { processKeys } from './processes.ts';

const { instances, env, cleanEnv, limits, user, group, socketMode, after, startTimeoutMs, drainTimeoutMs } =
  processKeys;

const supervisedKeys: Keys<SupervisedService> = {
  name: { default: undefined, check: checkText },
  command: { default: undefined, check: checkTexts },
  cwd: { default: undefined, check: checkFolder },
  env: { default: undefined, check: (value, path) => env.check(value ?? {}, path) ?? {} },
  cpus: optional((value, path) => list(value, path, checkCpus)),
  ...{ instances, cleanEnv, limits, user, group, socketMode, after, startTimeoutMs, drainTimeoutMs },
};

/** @throws IsthmusError INVALID_ARGUMENT */
export function checkSupervised(value: unknown): SupervisedService {
  try {
    return checkKeys(supervisedKeys, value, 'service');
  } catch (cause) {
    if (!(cause instanceof ConfigProblem)) throw cause;
    throw new IsthmusError('INVALID_ARGUMENT', { detail: cause.problems.join('; '), cause });
  }
}

function checkFolder(value: unknown, path: string): string {
  const folder = checkText(value, path);
  return folder.startsWith('/') ? folder : refuse(path, 'must be an absolute path');
}
