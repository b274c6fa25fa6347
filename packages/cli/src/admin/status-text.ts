/** What a bridge does, as a table for people. */
import { ageText } from '../age-text.ts';
import { type Column, table } from '../table.ts';
import type { WorkerReport } from '../workers/worker-report.ts';
import type { ExitReport } from './exit-report.ts';
import type { BridgeReport, InstanceReport } from './status.ts';

interface Row {
  readonly service: string;
  /** Undefined: the service has no instance. */
  readonly instance: InstanceReport | undefined;
}

const columns: readonly Column<Row>[] = [
  { heading: 'SERVICE', cell: ({ service }) => service },
  { heading: 'INSTANCE', cell: ({ instance }) => instance?.name ?? '-' },
  { heading: 'PID', cell: ({ instance }) => text(instance?.pid), alignsRight: true },
  { heading: 'STATE', cell: ({ instance }) => (instance === undefined ? '-' : stateOf(instance)) },
  { heading: 'RESTARTS', cell: ({ instance }) => text(instance?.restarts), alignsRight: true },
  { heading: 'UPTIME', cell: ({ instance }) => age(instance?.uptimeMs), alignsRight: true },
  { heading: 'IN FLIGHT', cell: ({ instance }) => text(instance?.inFlight), alignsRight: true },
  { heading: 'LAST EXIT', cell: ({ instance }) => exitOf(instance?.lastExit) },
];

const workerColumns: readonly Column<WorkerReport>[] = [
  { heading: 'WORKER', cell: ({ number }) => String(number), alignsRight: true },
  { heading: 'PID', cell: ({ pid }) => text(pid), alignsRight: true },
  { heading: 'STATE', cell: ({ state, crashLoop }) => `${state}${crashLoop ? ' (crash loop)' : ''}` },
  { heading: 'RESTARTS', cell: ({ restarts }) => text(restarts), alignsRight: true },
  { heading: 'UPTIME', cell: ({ uptimeMs }) => age(uptimeMs), alignsRight: true },
  { heading: 'CONNECTIONS', cell: ({ connections }) => text(connections), alignsRight: true },
  { heading: 'REQUESTS', cell: ({ requests }) => text(requests), alignsRight: true },
  { heading: 'IN FLIGHT', cell: ({ inFlight }) => text(inFlight), alignsRight: true },
  { heading: 'LAST EXIT', cell: ({ lastExit }) => exitOf(lastExit) },
];

export function statusText({ services, workers }: BridgeReport): string {
  const rows = services.flatMap(({ name: service, instances }): readonly Row[] =>
    instances.length === 0 ? [{ service, instance: undefined }] : instances.map((instance) => ({ service, instance })),
  );
  const instances = rows.length === 0 ? 'there are no services\n' : table(columns, rows);
  return workers.length === 0 ? instances : `${instances}\n${table(workerColumns, workers)}`;
}

/** `starting` and `ready` are the two halves of `running`: whether the bridge is connected. */
function stateOf({ state, connected, crashLoop }: InstanceReport): string {
  const word = state === 'external' || (state === 'running' && connected) ? 'ready' : state;
  return `${word === 'running' ? 'starting' : word}${crashLoop ? ' (crash loop)' : ''}`;
}

function exitOf(exit: ExitReport | null | undefined): string {
  if (exit === undefined || exit === null) return '-';
  return `${exit.signal ?? `exit code ${exit.code}`}, ${ageText(Math.max(0, Date.now() - Date.parse(exit.time)))} ago`;
}

function text(value: number | null | undefined): string {
  return value === undefined || value === null ? '-' : String(value);
}

function age(ms: number | null | undefined): string {
  return ms === undefined || ms === null ? '-' : ageText(ms);
}
