/** What a bridge does now: what `GET /status` of its admin socket answers, and `isthmus status --json` prints. */
import { basename } from 'node:path';
import type { InstanceState, InstanceStatus, Supervisor } from '@isthmus/gateway';
import type { Connection } from '../clients.ts';
import type { WorkerReport } from '../workers/worker-report.ts';
import { type ExitReport, exitReportOf } from './exit-report.ts';

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
  /** Calls of the bridge, and of all its workers. */
  readonly inFlight: number | null;
  readonly restarts: number | null;
  readonly uptimeMs: number | null;
  /** Whether it keeps dying soon after its start. */
  readonly crashLoop: boolean;
  readonly lastExit: ExitReport | null;
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
  /** The processes that serve HTTP; empty where the bridge does so itself. */
  readonly workers: readonly WorkerReport[];
  readonly services: readonly ServiceReport[];
}

/** What a bridge consists of. */
export interface BridgeParts {
  readonly supervisor: Supervisor;
  /** The bridge's own connections, by service. */
  readonly connections: ReadonlyMap<string, Connection>;
  readonly workers: readonly WorkerReport[];
}

export function reportOf({ supervisor, connections, workers }: BridgeParts): BridgeReport {
  const all = supervisor.status;
  return {
    ...{ pid: process.pid, workers },
    services: [...connections].map(([name, { client }]) => {
      const command = supervisor.serviceNow(name)?.command ?? null;
      const instances =
        command === null
          ? client.$instances.map((instance) => external(name, withWorkers(instance, workers)))
          : all.filter(({ service }) => service === name).map((status) => started(status, client.$instances, workers));
      return { name, command, rollingOut: supervisor.isRollingOut(name), instances };
    }),
  };
}

type Connected = Connection['client']['$instances'][number];

/** With the calls that the workers have in flight there. */
function withWorkers(channel: Connected, workers: readonly WorkerReport[]): Connected {
  const theirs = workers.flatMap(({ instances }) => instances.filter(({ socket }) => socket === channel.path));
  return { ...channel, inFlight: theirs.reduce((sum, { inFlight }) => sum + inFlight, channel.inFlight) };
}

function started(
  status: InstanceStatus,
  connected: readonly Connected[],
  workers: readonly WorkerReport[],
): InstanceReport {
  const { name, socketPath, state, pid, restarts, uptimeMs, crashLoop, lastExit, lastStderr } = status;
  const own = connected.find(({ path }) => path === socketPath);
  const channel = own && withWorkers(own, workers);
  return {
    ...{ name, socket: socketPath, state, pid: pid ?? null },
    ...{ connected: channel !== undefined, inFlight: channel?.inFlight ?? null },
    ...{ restarts, uptimeMs: uptimeMs === undefined ? null : Math.round(uptimeMs), crashLoop },
    lastExit: exitReportOf(lastExit),
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
