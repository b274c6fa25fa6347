/** Connects the clients that a bridge or a batch needs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@isthmus/core';
import type { BridgeClient, ClientSettings, SupervisorLog } from '@isthmus/gateway';
import type { IsthmusError, Service } from '@isthmus/schema';

/** How often it is looked whether instances have come, in ms. */
const pollMs = 10;

/** A connected client of any schema. */
export interface ServiceClient extends BridgeClient {
  $close(): Promise<void>;
}

export interface ConnectOptions {
  readonly schema: Service;
  /** A socket, or a folder of sockets. */
  readonly path: string;
  readonly settings: Partial<ClientSettings>;
  readonly log: SupervisorLog;
}

/** Why the last instance was refused, if one was: what is wrong when none comes up. */
export interface Connection {
  readonly client: ServiceClient;
  readonly refusal: () => IsthmusError | undefined;
}

/** Returns at once, whether there is an instance or not; instances that come and go are logged. */
export async function connectService(options: ConnectOptions): Promise<Connection> {
  const { schema, path, settings, log } = options;
  let refusal: IsthmusError | undefined;
  const client = await connect(schema, {
    ...settings,
    path,
    waitForInstance: false,
    onEvent({ type, path: socket, error }) {
      const fields = { service: schema.name, socket };
      if (type === 'up') log.info(fields, 'instance connected');
      else if (type === 'down') log.warn({ ...fields, ...reasonOf(error) }, 'instance disconnected');
      else {
        refusal = error;
        log.error({ ...fields, ...reasonOf(error) }, 'instance refused');
      }
    },
  });
  return { client, refusal: () => refusal };
}

/** Waits until at least `count` instances are connected. False: there were fewer after `timeoutMs`. */
export async function waitForInstances(
  client: BridgeClient,
  options: { readonly count: number; readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  const end = performance.now() + options.timeoutMs;
  while (client.$instances.length < options.count) {
    options.signal?.throwIfAborted();
    if (performance.now() > end) return false;
    await sleep(pollMs);
  }
  return true;
}

function reasonOf(error: IsthmusError | undefined): object {
  return error === undefined ? {} : { code: error.code, reason: error.message };
}
