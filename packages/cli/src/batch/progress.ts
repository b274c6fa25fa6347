/** What a person sees of a batch that runs: a bar when stderr is a terminal, and each row that failed. */

import type { IsthmusError } from '@isthmus/schema';
import { MultiBar, Presets } from 'cli-progress';
import { errorRow } from './run-batch.ts';

export interface Progress {
  /** `bytes` of the input have been read, and `rows` rows are done. */
  update(bytes: number, rows: number): void;
  /** Reports a row that failed. */
  error(line: number, error: IsthmusError): void;
  /** Takes the bar off the terminal. Harmless a second time. */
  stop(): void;
}

export interface ProgressOptions {
  /** The input's size, where it is known: without it there is no bar. */
  readonly totalBytes: number | undefined;
  /** Errors as JSON, one object a line, and no bar. */
  readonly json: boolean;
}

export function showProgress({ totalBytes, json }: ProgressOptions): Progress {
  const describe = json ? jsonError : readableError;
  if (json || totalBytes === undefined || totalBytes === 0 || !process.stderr.isTTY) {
    return {
      update() {},
      error: (line, error) => process.stderr.write(`${describe(line, error)}\n`),
      stop() {},
    };
  }
  const format = '{bar} {percentage}% | {rows} rows | {duration_formatted}, {eta_formatted} left';
  const bars = new MultiBar({ format, hideCursor: true, stream: process.stderr }, Presets.shades_classic);
  const bar = bars.create(totalBytes, 0, { rows: '0' });
  return {
    update: (bytes, rows) => bar.update(bytes, { rows: rows.toLocaleString('en') }),
    error: (line, error) => bars.log(`${describe(line, error)}\n`),
    stop() {
      // A second stop of its own would write over what came after the first.
      if (bars.isActive) bars.stop();
    },
  };
}

function readableError(line: number, error: IsthmusError): string {
  const fields = error.fields.map(({ pointer, message }) => `${pointer} ${message}`.trim()).join('; ');
  const what = fields === '' ? error.detail || error.message : fields;
  return `line ${line}: ${error.code}: ${what}`;
}

function jsonError(line: number, error: IsthmusError): string {
  return JSON.stringify({ error: errorRow(line, error) });
}
