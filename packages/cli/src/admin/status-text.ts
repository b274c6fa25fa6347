/** What a bridge does, as a table for people. */
import { ageText } from '../age-text.ts';
import { type Column, table } from '../table.ts';
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

export function statusText({ services }: BridgeReport): string {
  const rows = services.flatMap(({ name: service, instances }): readonly Row[] =>
    instances.length === 0 ? [{ service, instance: undefined }] : instances.map((instance) => ({ service, instance })),
  );
  return rows.length === 0 ? 'there are no services\n' : table(columns, rows);
}

/** `starting` and `ready` are the two halves of `running`: whether the bridge is connected. */
function stateOf({ state, connected, crashLoop }: InstanceReport): string {
  const word = state === 'external' || (state === 'running' && connected) ? 'ready' : state;
  return `${word === 'running' ? 'starting' : word}${crashLoop ? ' (crash loop)' : ''}`;
}

function exitOf(exit: InstanceReport['lastExit'] | undefined): string {
  if (exit === undefined || exit === null) return '-';
  return `${exit.signal ?? `exit code ${exit.code}`}, ${ageText(Math.max(0, Date.now() - Date.parse(exit.time)))} ago`;
}

function text(value: number | null | undefined): string {
  return value === undefined || value === null ? '-' : String(value);
}

function age(ms: number | null | undefined): string {
  return ms === undefined || ms === null ? '-' : ageText(ms);
}
