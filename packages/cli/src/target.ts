/** Whom `isthmus call` calls: a method of a service, and a connected client for it. */
import { dirname, resolve } from 'node:path';
import {
  type ClientMethod,
  type ClientSettings,
  clientMethodOf,
  defaultConfigFile,
  loadConfig,
  type ServiceSettings,
  type SupervisorLog,
} from '@isthmus/gateway';
import { IsthmusError, type Method, type Service } from '@isthmus/schema';
import { type Connection, connectService, waitForInstances } from './clients.ts';
import { UsageError } from './exit-codes.ts';
import { findServices } from './find-services.ts';
import { startServices, unknownService } from './instances.ts';
import { createLog } from './log.ts';
import { findRunningService } from './running-bridge.ts';

/** How long the first instance may take to listen after its start, in ms. */
const startTimeoutMs = 10_000;
/** Deadline of calls where neither a configuration nor an option names one, in ms. */
const defaultTimeoutMs = 5000;
/** How long an instance that should be there may take to answer, in ms, where no configuration says. */
const defaultConnectTimeoutMs = 2000;

export interface TargetOptions {
  readonly service: string;
  readonly method: string;
  readonly path?: string;
  readonly config?: string;
  readonly schema?: string;
  readonly timeoutMs?: number;
  /** Calls in flight at once: the client is made to allow as many. */
  readonly inFlight: number;
  readonly signal: AbortSignal;
}

export interface Target extends AsyncDisposable {
  readonly method: Method;
  readonly client: ClientMethod;
  readonly timeoutMs: number;
}

/** Where a service was found, and how to call it. */
interface Found {
  readonly schema: Service;
  readonly settings: Partial<ClientSettings>;
  /** The folder whose `.isthmus` may say that a bridge runs. */
  readonly folder: string;
  /** The configuration's entry, when there is one: it says how to start instances. */
  readonly service: ServiceSettings | undefined;
}

/**
 * Finds or starts instances and connects. Disposing the result stops what was started.
 *
 * @throws IsthmusError UNKNOWN_SERVICE, UNKNOWN_METHOD, NO_INSTANCE, and what reading, building and starting throw.
 */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const found = await find(options);
  const { schema, settings } = found;
  const method = schema.calls[options.method];
  if (method === undefined) {
    const known = schema.methods.map(({ name }) => name).join(', ');
    throw new IsthmusError('UNKNOWN_METHOD', { detail: `${options.method}; ${schema.name} has: ${known}` });
  }
  const timeoutMs = options.timeoutMs ?? settings.timeoutMs ?? defaultTimeoutMs;
  // Progress and answers are what the user looks at; of the log only what went wrong.
  const log = createLog('warn');
  const instances = await locate(found, options, log.logger);
  let connection: Connection | undefined;
  const close = async () => {
    await connection?.client.$close();
    await instances.stop();
    log.flush();
  };
  try {
    const maxInFlight = Math.max(settings.maxInFlight ?? 0, options.inFlight);
    connection = await connectService({
      schema,
      path: instances.path,
      settings: { ...settings, timeoutMs, maxInFlight, patienceMs: timeoutMs },
      log: log.logger,
    });
    const { client, refusals } = connection;
    const waitMs = instances.started ? startTimeoutMs : (settings.connectTimeoutMs ?? defaultConnectTimeoutMs);
    if (!(await waitForInstances(connection, { count: 1, timeoutMs: waitMs, signal: options.signal }))) {
      throw (
        [...refusals.values()][0] ??
        new IsthmusError('NO_INSTANCE', { detail: `nothing answered at ${instances.path}` })
      );
    }
    return { method, client: clientMethodOf({ schema, client }, method.name), timeoutMs, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function find({ service: name, schema: file, config = defaultConfigFile }: TargetOptions): Promise<Found> {
  if (file !== undefined) {
    const services = await findServices(file);
    const schema = services.find((candidate) => candidate.name === name);
    if (schema === undefined) throw unknownService(name, services);
    return { schema, settings: {}, folder: dirname(resolve(file)), service: undefined };
  }
  const { folder, services } = await loadConfig(config);
  const service = services.find((candidate) => candidate.name === name);
  if (service === undefined) throw unknownService(name, services);
  return { schema: service.schema, settings: service.client, folder, service };
}

interface Located {
  readonly path: string;
  /** Its instances were started just now. */
  readonly started: boolean;
  readonly stop: () => Promise<void>;
}

/** `--path` first, then a path of the configuration, then the bridge that runs, then instances of our own. */
async function locate(
  { schema, folder, service }: Found,
  options: TargetOptions,
  log: SupervisorLog,
): Promise<Located> {
  const elsewhere = (path: string): Located => ({ path, started: false, stop: async () => {} });
  if (options.path !== undefined) return elsewhere(resolve(options.path));
  if (service?.origin.kind === 'path') return elsewhere(service.origin.path);
  const running = await findRunningService(folder, schema.name);
  if (running !== undefined) return elsewhere(running);
  if (service === undefined) {
    throw new UsageError(
      `no bridge runs in ${folder}: start one there with isthmus start, or say with --path whom to call`,
    );
  }
  const report = (line: string) => process.stderr.write(`${line}\n`);
  const instances = await startServices({ folder, services: [service] }, { log, report, signal: options.signal });
  return { path: instances.pathOf(service.name), started: true, stop: () => instances.stop() };
}
