/** What `isthmus start` was told, and the settings that come of it. Workers are told the same, and read the configuration themselves. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type BridgeSettings, type LogLevel, loadConfig, maxWorkers, validateBridge } from '@isthmus/gateway';
import { UsageError } from './exit-codes.ts';
import { findServices } from './find-services.ts';

/** The arguments and options; paths count from the current folder. */
export interface StartRequest {
  /** A schema file and C files, in place of a configuration; empty: none. */
  readonly files: readonly string[];
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly workers?: number | 'auto';
  readonly logLevel?: LogLevel;
}

/** @throws UsageError; IsthmusError as `loadConfig`. */
export async function settingsOf(request: StartRequest): Promise<BridgeSettings> {
  const { files, config, host, port, workers, logLevel } = request;
  const settings = files.length === 0 ? await loadConfig(config) : await settingsOfFiles(files, config);
  const { http, log } = settings;
  return {
    ...settings,
    http: { ...http, host: host ?? http.host, port: port ?? http.port, workers: workers ?? http.workers },
    log: { level: logLevel ?? log.level },
  };
}

/** How many processes serve HTTP. */
export function workerCountOf({ http: { workers } }: BridgeSettings): number {
  return workers === 'auto' ? Math.min(availableParallelism(), maxWorkers) : workers;
}

async function settingsOfFiles(files: readonly string[], config: string | undefined): Promise<BridgeSettings> {
  if (config !== undefined) throw new UsageError('give either files or --config, not both');
  const sources = files.filter((file) => file.endsWith('.c'));
  const [schemaFile, ...others] = files.filter((file) => !file.endsWith('.c'));
  if (schemaFile === undefined || others.length > 0 || sources.length === 0) {
    throw new UsageError('start takes one schema file and at least one C file: isthmus start tank.schema.ts tank.c');
  }
  const [schema, ...more] = await findServices(schemaFile);
  if (schema === undefined || more.length > 0) {
    throw new UsageError(`${schemaFile} exports more than one service: write an isthmus.config.ts for them`);
  }
  return validateBridge({ services: { [schema.name]: { schema, sources } } }, resolve(schemaFile, '../command line'));
}
