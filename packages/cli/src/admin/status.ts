/** What a bridge does now: what `GET /status` of its admin socket answers, and `isthmus status --json` prints. */
import { basename } from 'node:path';
import type { InstanceState, InstanceStatus, Supervisor } from '@isthmus/gateway';
import type { Connection } from '../clients.ts';

/** One instance. What there is not is null: what is started by somebody else has no more than a connection. */
export interface InstanceReport {
  /** As the log names it: `pricing/1`. */
  readonly name: string;
  readonly socket: string;
  /** `external`: somebody else has started it. */
  readonly state: InstanceState | 'external';
  readonly pid: number | null;
  /** Whether the bridge is connected to it. */
  readonly connected: boolean;
  readonly inFlight: number | null;
  readonly restarts: number | null;
  readonly uptimeMs: number | null;
  /** Whether it keeps dying soon after its start. */
  readonly crashLoop: boolean;
  readonly lastExit: {
    readonly code: number | null;
    readonly signal: string | null;
    readonly ranMs: number;
    /** ISO 8601. */
    readonly time: string;
  } | null;
  readonly lastStderr: readonly string[];
}

export interface ServiceReport {
  readonly name: string;
  /** The program and its arguments; null where somebody else starts it. */
  readonly command: readonly string[] | null;
  readonly rollingOut: boolean;
  readonly instances: readonly InstanceReport[];
}

export interface BridgeReport {
  /** The process id of the bridge. */
  readonly pid: number;
  readonly services: readonly ServiceReport[];
}

export function reportOf(supervisor: Supervisor, connections: ReadonlyMap<string, Connection>): BridgeReport {
  const all = supervisor.status;
  return {
    pid: process.pid,
    services: [...connections].map(([name, { client }]) => {
      const command = supervisor.serviceNow(name)?.command ?? null;
      const instances =
        command === null
          ? client.$instances.map((instance) => external(name, instance))
          : all.filter(({ service }) => service === name).map((status) => started(status, client.$instances));
      return { name, command, rollingOut: supervisor.isRollingOut(name), instances };
    }),
  };
}

type Connected = Connection['client']['$instances'][number];

function started(status: InstanceStatus, connected: readonly Connected[]): InstanceReport {
  const { name, socketPath, state, pid, restarts, uptimeMs, crashLoop, lastExit, lastStderr } = status;
  const channel = connected.find(({ path }) => path === socketPath);
  return {
    ...{ name, socket: socketPath, state, pid: pid ?? null },
    ...{ connected: channel !== undefined, inFlight: channel?.inFlight ?? null },
    ...{ restarts, uptimeMs: uptimeMs === undefined ? null : Math.round(uptimeMs), crashLoop },
    lastExit: lastExit === undefined ? null : { ...lastExit, time: lastExit.time.toISOString() },
    lastStderr,
  };
}

function external(service: string, { path, pid, inFlight, draining }: Connected): InstanceReport {
  return {
    ...{ name: `${service}/${basename(path, '.sock')}`, socket: path, state: draining ? 'draining' : 'external' },
    // 0: it is in a PID namespace that cannot be seen from here.
    ...{ pid: pid === 0 ? null : pid, connected: true, inFlight, restarts: null, uptimeMs: null },
    ...{ crashLoop: false, lastExit: null, lastStderr: [] },
  };
}
