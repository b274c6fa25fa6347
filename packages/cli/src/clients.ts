/** Connects the clients that a bridge or a batch needs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientControl, connect } from '@isthmus/core';
import type { BridgeClient, ClientSettings, SupervisorLog } from '@isthmus/gateway';
import { IsthmusError, type Service } from '@isthmus/schema';

/** How often it is looked whether instances have come, in ms. */
const pollMs = 10;

/** A connected client of any schema. */
export interface ServiceClient extends BridgeClient, Pick<ClientControl, '$close' | '$ping'> {
  readonly $instances: ClientControl['$instances'];
}

export interface ConnectOptions {
  readonly schema: Service;
  /** A socket, or a folder of sockets. */
  readonly path: string;
  readonly settings: Partial<ClientSettings>;
  readonly log: SupervisorLog;
}

export interface Connection {
  readonly client: ServiceClient;
  /** Why instances were refused, by their sockets: they will not come up until they are built anew. */
  readonly refusals: ReadonlyMap<string, IsthmusError>;
}

/** Returns at once, whether there is an instance or not; instances that come and go are logged. */
export async function connectService({ schema, path, settings, log }: ConnectOptions): Promise<Connection> {
  const refusals = new Map<string, IsthmusError>();
  const client = await connect(schema, {
    ...settings,
    path,
    waitForInstance: false,
    onEvent({ type, path: socket, error, adapted }) {
      const fields = { service: schema.name, socket, ...reasonOf(error) };
      refusals.delete(socket);
      if (adapted !== undefined)
        log.info(
          { ...fields, differences: adapted },
          'instance connected; calls are adapted to its version of the schema',
        );
      else if (type === 'up') log.info(fields, 'instance connected');
      else if (type === 'draining') log.info(fields, 'instance drains: it gets no new calls');
      // Without an error, it has drained.
      else if (type === 'down') log[error === undefined ? 'info' : 'warn'](fields, 'instance disconnected');
      else {
        if (error !== undefined) refusals.set(socket, error);
        log.error(fields, 'instance refused');
      }
    },
  });
  return { client, refusals };
}

/**
 * Waits until `count` instances are connected. False: there were fewer after `timeoutMs`, or the rest were refused, so that
 * waiting would not help.
 */
export async function waitForInstances(
  { client, refusals }: Connection,
  options: { readonly count: number; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const end = performance.now() + options.timeoutMs;
  const count = (): number => client.$instances.filter(({ draining }) => !draining).length;
  while (count() < options.count) {
    options.signal.throwIfAborted();
    if (performance.now() > end || count() + refusals.size >= options.count) return false;
    await sleep(pollMs);
  }
  return true;
}

/** How long an instance that should be there may take to answer, in ms, where no configuration says. */
const defaultWaitMs = 2000;

export interface RequireOptions {
  /** Where it should listen: for the message. */
  readonly path: string;
  readonly waitMs?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Waits for the first instance.
 *
 * @throws IsthmusError why one was refused; NO_INSTANCE where there is none.
 */
export async function requireInstance(connection: Connection, options: RequireOptions): Promise<void> {
  const { path, waitMs: timeoutMs = defaultWaitMs, signal } = options;
  if (await waitForInstances(connection, { count: 1, timeoutMs, signal })) return;
  const [refusal] = connection.refusals.values();
  throw refusal ?? new IsthmusError('NO_INSTANCE', { detail: `nothing answered at ${path}` });
}

/** An error as fields of a log line. */
export function reasonOf(error: unknown): object {
  if (error === undefined) return {};
  return error instanceof IsthmusError ? { code: error.code, reason: error.message } : { err: error };
}
