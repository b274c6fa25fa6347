/** Reads `isthmus.config.ts`. */
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IsthmusError } from '@isthmus/schema';
import { schemaProblem } from './schema-problem.ts';
import type { BridgeConfig, BridgeSettings } from './types.ts';
import { validateBridge } from './validate.ts';

/** The name that `isthmus` looks for in the current folder. */
export const defaultConfigFile = 'isthmus.config.ts';

/**
 * Types a configuration, and returns it as it is: it is validated when `isthmus` (or {@link loadConfig}) reads it, so that
 * problems can name the file.
 */
export function defineBridge<const T extends BridgeConfig>(config: T): T {
  return config;
}

/**
 * Imports a configuration file and validates its default export. `path` counts from the current folder.
 *
 * @throws IsthmusError CONFIG_INVALID when there is no such file, it cannot be imported, or what it exports is not valid;
 *   SCHEMA_INVALID when a schema that it imports is not.
 */
export async function loadConfig(path: string = defaultConfigFile): Promise<BridgeSettings> {
  const file = resolve(path);
  const invalid = (detail: string, cause?: unknown) => new IsthmusError('CONFIG_INVALID', { detail, cause });
  await access(file).catch((cause: unknown) => {
    const advice =
      'isthmus init makes a project that has one, --config names another, and isthmus start x.schema.ts x.c needs none';
    throw invalid(`there is no ${file}: ${advice}`, cause);
  });
  const module: unknown = await import(pathToFileURL(file).href).catch((cause: unknown) => {
    const problem = schemaProblem(cause, path);
    if (problem !== undefined) throw problem;
    // Another problem of ours already says what is wrong and what to do.
    if (cause instanceof IsthmusError) throw cause;
    throw invalid(`${file} cannot be imported: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  });
  if (typeof module !== 'object' || module === null || !('default' in module)) {
    throw invalid(`${file} has no default export: write \`export default defineBridge({...})\``);
  }
  return validateBridge(await module.default, file);
}
