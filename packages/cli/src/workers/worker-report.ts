/** What `isthmus status` says of a worker. */
import { type ExitReport, exitReportOf } from '../admin/exit-report.ts';
import type { WorkerCounts, WorkerInstance } from './messages.ts';
import type { WorkerState, WorkerStatus } from './worker-process.ts';

/** What there is not is null: what a worker would say itself, where it says nothing. */
export interface WorkerReport {
  /** From 1. */
  readonly number: number;
  readonly state: WorkerState;
  readonly pid: number | null;
  readonly restarts: number;
  readonly uptimeMs: number | null;
  /** Whether it keeps dying soon after its start. */
  readonly crashLoop: boolean;
  readonly lastExit: ExitReport | null;
  /** Open connections. */
  readonly connections: number | null;
  /** Since it started. */
  readonly requests: number | null;
  /** Calls, over all instances. */
  readonly inFlight: number | null;
  /** Its connections to instances. */
  readonly instances: readonly WorkerInstance[];
}

export function workerReportOf(status: WorkerStatus, counts: WorkerCounts | undefined): WorkerReport {
  const { number, state, pid, restarts, uptimeMs, crashLoop, lastExit } = status;
  const { connections = null, requests = null, instances } = counts ?? {};
  return {
    ...{ number, state, pid: pid ?? null, restarts, crashLoop },
    uptimeMs: uptimeMs === undefined ? null : Math.round(uptimeMs),
    lastExit: exitReportOf(lastExit),
    ...{ connections, requests },
    inFlight: instances?.reduce((sum, one) => sum + one.inFlight, 0) ?? null,
    instances: instances ?? [],
  };
}
