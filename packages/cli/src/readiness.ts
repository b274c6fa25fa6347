/** When instances take calls: each is connected, and all its serving threads have answered. */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readiness, ServiceSettings, SupervisorLog } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import { type Connection, connectService } from './clients.ts';

/** How often it is looked whether they do, in ms. */
const pollMs = 10;
/** How long an answer may take before it is asked for again, in ms. */
const pingTimeoutMs = 1000;

/**
 * Resolves once the instances behind these sockets take calls through this connection.
 *
 * @throws IsthmusError why one of them was refused; what `signal` aborts with.
 */
async function untilAnswering(
  { client, refusals }: Connection,
  sockets: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const socket of sockets) {
    while (!(await answers(client, socket))) {
      const refusal = refusals.get(socket);
      if (refusal !== undefined) throw refusal;
      await sleep(pollMs, undefined, { signal });
    }
  }
  signal.throwIfAborted();
}

async function answers(client: Connection['client'], path: string): Promise<boolean> {
  if (!client.$instances.some((instance) => instance.path === path && !instance.draining)) return false;
  const pings = await client.$ping({ path, timeoutMs: pingTimeoutMs });
  return pings.length > 0 && pings.every(({ lanes }) => lanes.every(({ ms }) => ms !== undefined));
}

/** By the bridge's own clients, by service: what they can call, callers of the bridge can. */
export function readinessThrough(connections: ReadonlyMap<string, Connection>): Readiness {
  return async (name, sockets, signal) => {
    const connection = connections.get(name);
    if (connection === undefined) throw new IsthmusError('UNKNOWN_SERVICE', { detail: name });
    await untilAnswering(connection, sockets, signal);
  };
}

/** For the time before the bridge has clients: each service gets one for as long as it is waited for. */
export function readinessOf(services: readonly ServiceSettings[]): Readiness {
  return async (name, sockets, signal) => {
    const [socket = ''] = sockets;
    const service = services.find((candidate) => candidate.name === name);
    if (service === undefined) return;
    const { schema, client: settings } = service;
    // The bridge's own clients come soon, and say what there is to say.
    const connection = await connectService({ schema, path: dirname(socket), settings, log: silent });
    try {
      await untilAnswering(connection, sockets, signal);
    } finally {
      await connection.client.$close();
    }
  };
}

const silent: SupervisorLog = { info: () => {}, warn: () => {}, error: () => {} };
