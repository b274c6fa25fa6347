/** The native side of a bridge: every service of a configuration built, started and kept running. */
import {
  type BridgeSettings,
  defaultConfigFile,
  loadConfig,
  type ServiceSettings,
  Supervisor,
  type SupervisorLog,
} from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import { prepareServices } from './programs/prepare.ts';
import { readinessOf } from './readiness.ts';

export interface InstancesOptions {
  /** Gets starts, deaths, and what the instances write. Default: warnings and errors go to stderr. */
  readonly log?: SupervisorLog;
  /** Told what is being built. Default: not told. */
  readonly report?: (line: string) => void;
  /** Gives up building when it aborts. */
  readonly signal?: AbortSignal;
}

export interface Instances extends AsyncDisposable {
  /**
   * Where the instances of a service listen: what connect() takes as `path`.
   *
   * @throws IsthmusError UNKNOWN_SERVICE when the configuration has no such service.
   */
  pathOf(service: string): string;
  /** The private folder that holds the sockets. */
  readonly runtimeFolder: string;
  /** What the instances do, and what makes them do other things. */
  readonly supervisor: Supervisor;
  /** Stops all: SIGTERM, SIGINT after half of `graceMs` (default 500), SIGKILL at its end. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * Builds and starts what a configuration file describes, without the HTTP front: for tests, and for programs that call
 * their own native side.
 *
 * @example
 * await using instances = await startInstances('isthmus.config.ts');
 * await using client = await connect(pricing, { path: instances.pathOf('pricing') });
 *
 * @param config Path of the file. Default `isthmus.config.ts` in the current folder.
 * @throws IsthmusError CONFIG_INVALID; BUILD_FAILED; SYSTEM when the folder for the sockets cannot be made.
 */
export async function startInstances(
  config: string = defaultConfigFile,
  options: InstancesOptions = {},
): Promise<Instances> {
  const { folder, services } = await loadConfig(config);
  return startServices({ folder, services }, options);
}

/** The same for a configuration that has been read, or a part of it. */
export async function startServices(
  { folder, services }: Pick<BridgeSettings, 'folder' | 'services'>,
  options: InstancesOptions = {},
): Promise<Instances> {
  const { log = consoleLog, report = () => {}, signal } = options;
  const prepared = await prepareServices(services, { folder, report, ...(signal === undefined ? {} : { signal }) });
  const isReady = readinessOf(services);
  const supervisor = await Supervisor.start({ services: prepared, log, isReady, ...(signal && { signal }) });
  return {
    supervisor,
    runtimeFolder: supervisor.runtimeFolder,
    pathOf(name) {
      const service = services.find((candidate) => candidate.name === name);
      if (service === undefined) throw unknownService(name, services);
      return service.origin.kind === 'path' ? service.origin.path : supervisor.serviceFolder(name);
    },
    stop: (stopOptions) => supervisor.stop(stopOptions),
    [Symbol.asyncDispose]: () => supervisor.stop(),
  };
}

/** The error for a service that a configuration does not have. */
export function unknownService(name: string, services: readonly Pick<ServiceSettings, 'name'>[]): IsthmusError {
  const known = services.map((service) => service.name).join(', ') || 'none';
  return new IsthmusError('UNKNOWN_SERVICE', { detail: `${name}; there are: ${known}` });
}

const consoleLog: SupervisorLog = {
  info: () => {},
  warn: (fields, message) => console.error(message, fields),
  error: (fields, message) => console.error(message, fields),
};
