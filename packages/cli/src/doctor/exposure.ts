/** Who could talk to the gateway that this folder's configuration describes. */
import { access } from 'node:fs/promises';
import { type BridgeSettings, defaultConfigFile, exposureWarnings, loadConfig } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import type { Check, CheckResult } from './check.ts';

const name = 'gateway';

export const exposure: Check = async () => {
  const isThere = await access(defaultConfigFile).then(
    () => true,
    () => false,
  );
  if (!isThere) return { name, status: 'ok', found: `no ${defaultConfigFile} in this folder` };
  try {
    return judgeExposure(await loadConfig());
  } catch (error) {
    if (!(error instanceof IsthmusError)) throw error;
    return { name, status: 'warn', found: error.message, advice: error.action };
  }
};

/** @throws IsthmusError `CONFIG_INVALID` for what `isthmus start` refuses. */
export function judgeExposure(settings: BridgeSettings): CheckResult {
  const found = `listens on ${settings.http.host}, for ${settings.auth === undefined ? 'everybody' : 'callers with credentials'}`;
  const [first, ...more] = exposureWarnings(settings);
  return first === undefined
    ? { name, status: 'ok', found }
    : { name, status: 'warn', found, advice: [first, ...more].join('; ') };
}
