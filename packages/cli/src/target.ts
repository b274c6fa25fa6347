/** Whom `isthmus call` calls: a method of a service, and a connected client for it. */
import { type ClientMethod, clientMethodOf, type SupervisorLog } from '@isthmus/gateway';
import { IsthmusError, type Method } from '@isthmus/schema';
import { type Connection, connectService, requireInstance } from './clients.ts';
import { startServices } from './instances.ts';
import { createLog } from './log.ts';
import { type FoundService, findService, noBridge, type WhereaboutsOptions, whereItListens } from './whereabouts.ts';

/** How long the first instance may take to listen after its start, in ms. */
const startTimeoutMs = 10_000;
/** Deadline of calls where neither a configuration nor an option names one, in ms. */
const defaultTimeoutMs = 5000;

export interface TargetOptions extends WhereaboutsOptions {
  readonly service: string;
  readonly method: string;
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

/**
 * Finds or starts instances and connects. Disposing the result stops what was started.
 *
 * @throws IsthmusError UNKNOWN_SERVICE, UNKNOWN_METHOD, NO_INSTANCE, and what reading, building and starting throw.
 */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const found = await findService(options.service, options);
  const { schema, settings } = found;
  const method = schema.calls[options.method];
  if (method === undefined) {
    const known = schema.methods.map(({ name }) => name).join(', ') || 'regions only';
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
    const waitMs = instances.started ? startTimeoutMs : settings.connectTimeoutMs;
    await requireInstance(connection, { path: instances.path, waitMs, signal: options.signal });
    const { client } = connection;
    return { method, client: clientMethodOf({ schema, client }, method.name), timeoutMs, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Located {
  readonly path: string;
  /** Its instances were started just now. */
  readonly started: boolean;
  readonly stop: () => Promise<void>;
}

/** Where instances listen already, and else instances of our own. */
async function locate(found: FoundService, options: TargetOptions, log: SupervisorLog): Promise<Located> {
  const { folder, service } = found;
  const listening = await whereItListens(found, options.path);
  if (listening !== undefined) return { path: listening, started: false, stop: async () => {} };
  if (service === undefined) throw noBridge(folder);
  const report = (line: string) => process.stderr.write(`${line}\n`);
  const instances = await startServices({ folder, services: [service] }, { log, report, signal: options.signal });
  return { path: instances.pathOf(service.name), started: true, stop: () => instances.stop() };
}
