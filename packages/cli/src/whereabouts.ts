/** Where the service that a command names was found: its schema, its settings, and where its instances listen. */
import { dirname, resolve } from 'node:path';
import { type ClientSettings, defaultConfigFile, loadConfig, type ServiceSettings } from '@isthmus/gateway';
import type { Service } from '@isthmus/schema';
import { UsageError } from './exit-codes.ts';
import { findServices } from './find-services.ts';
import { unknownService } from './instances.ts';
import { findRunningService } from './running-bridge.ts';

/** The options by which commands are told whom to talk to. */
export interface WhereaboutsOptions {
  /** A socket, or a folder of sockets. */
  readonly path?: string;
  readonly config?: string;
  readonly schema?: string;
}

export interface FoundService {
  readonly schema: Service;
  readonly settings: Partial<ClientSettings>;
  /** The folder whose `.isthmus` may say that a bridge runs. */
  readonly folder: string;
  /** The configuration's entry, when there is one: it says how to start instances. */
  readonly service: ServiceSettings | undefined;
}

/** @throws IsthmusError UNKNOWN_SERVICE, and what reading schema and configuration throws. */
export async function findService(name: string, options: WhereaboutsOptions): Promise<FoundService> {
  const { schema: file, config = defaultConfigFile } = options;
  if (file !== undefined) {
    const services = await findServices(file);
    const schema = services.find((candidate) => candidate.name === name);
    if (schema === undefined) throw unknownService(name, services);
    return foundInFile(file, schema);
  }
  const { folder, services } = await loadConfig(config);
  const service = services.find((candidate) => candidate.name === name);
  if (service === undefined) throw unknownService(name, services);
  return foundIn(folder, service);
}

/** The same of a schema file that has been read. */
export function foundInFile(file: string, schema: Service): FoundService {
  return { schema, settings: {}, folder: dirname(resolve(file)), service: undefined };
}

/** And of a configuration. */
export function foundIn(folder: string, service: ServiceSettings): FoundService {
  return { schema: service.schema, settings: service.client, folder, service };
}

/** Where its instances listen: `--path` first, then a path of the configuration, then the bridge that runs. Undefined: nowhere. */
export async function whereItListens(found: FoundService, path: string | undefined): Promise<string | undefined> {
  if (path !== undefined) return resolve(path);
  const origin = found.service?.origin;
  return origin?.kind === 'path' ? origin.path : findRunningService(found.folder, found.schema.name);
}

/** The error where instances can neither be found nor started. */
export function noBridge(folder: string): UsageError {
  return new UsageError(
    `no bridge runs in ${folder}: start one there with isthmus start, or say with --path whom to call`,
  );
}
