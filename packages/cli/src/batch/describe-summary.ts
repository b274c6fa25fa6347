import type { BatchSummary } from './run-batch.ts';

/** A batch in one line: rows, errors, calls a second, and what half and 99 % of the calls took at most. */
export function describeSummary(summary: BatchSummary): string {
  const { rows, errors, seconds, latency } = summary;
  const count = (value: number) => Math.round(value).toLocaleString('en');
  return [
    rows === 1 ? '1 row' : `${count(rows)} rows`,
    errors === 1 ? '1 error' : `${count(errors)} errors`,
    `${seconds.toFixed(2)} s`,
    `${count(latency.count / Math.max(seconds, 1e-9))} calls/s`,
    `p50 ${duration(latency.percentile(50))}`,
    `p99 ${duration(latency.percentile(99))}`,
  ].join(', ');
}

/** The same as an object, for --json. */
export function summaryObject({ rows, errors, seconds, latency, complete }: BatchSummary): object {
  const callsPerSecond = Math.round(latency.count / Math.max(seconds, 1e-9));
  return {
    rows,
    errors,
    seconds,
    callsPerSecond,
    p50Ns: latency.percentile(50),
    p99Ns: latency.percentile(99),
    complete,
  };
}

function duration(ns: number): string {
  if (ns < 1e6) return `${(ns / 1e3).toFixed(ns < 1e4 ? 1 : 0)} us`;
  return `${(ns / 1e6).toFixed(ns < 1e7 ? 1 : 0)} ms`;
}
