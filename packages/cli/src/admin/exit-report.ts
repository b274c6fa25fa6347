/** How a process ended, as `isthmus status` says it. */
import type { Exit } from '@isthmus/gateway';

export interface ExitReport {
  readonly code: number | null;
  readonly signal: string | null;
  readonly ranMs: number;
  /** ISO 8601. */
  readonly time: string;
}

export function exitReportOf(exit: Exit | undefined): ExitReport | null {
  return exit === undefined ? null : { ...exit, time: exit.time.toISOString() };
}
