/** `isthmus call --input`: from a file of inputs to a file of outputs. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { IsthmusError } from '@isthmus/schema';
import type { Target } from '../target.ts';
import { describeSummary, summaryObject } from './describe-summary.ts';
import { openOutput } from './output.ts';
import { patientCall } from './patient-call.ts';
import { showProgress } from './progress.ts';
import { readRows } from './rows.ts';
import { type BatchSummary, runBatch } from './run-batch.ts';

export interface BatchArguments {
  /** A file, or `-` for stdin. */
  readonly input: string;
  /** A file, or `-` for stdout. */
  readonly output: string;
  readonly inFlight: number;
  readonly failFast: boolean;
  /** Errors and summary as JSON. */
  readonly json: boolean;
}

/**
 * Runs the batch, with progress, errors and a summary on stderr. Returns true when a row failed. The output file appears
 * when every row was answered, and not at all when the batch ended early.
 *
 * @throws IsthmusError SYSTEM when the input cannot be read or the output cannot be written.
 */
export async function callBatch(target: Target, options: BatchArguments, signal: AbortSignal): Promise<boolean> {
  const { method, client, timeoutMs } = target;
  const input = await openInput(options.input);
  const output = await openOutput(options.output);
  const progress = showProgress({ totalBytes: input.totalBytes, json: options.json });
  try {
    const summary = await runBatch({
      rows: readRows(input.chunks),
      call: (value) => patientCall(value, { method: client, idempotent: method.idempotent, timeoutMs, signal }),
      write: (text) => output.write(text),
      inFlight: options.inFlight,
      failFast: options.failFast,
      signal,
      onError: (line, error) => progress.error(line, error),
      onProgress: (rows) => progress.update(input.bytesRead(), rows),
    });
    if (summary.complete) await output.commit();
    progress.stop();
    report(summary, options);
    return summary.errors > 0 || !summary.complete;
  } finally {
    progress.stop();
    await output.discard();
  }
}

function report(summary: BatchSummary, { json, output }: BatchArguments): void {
  if (json) {
    process.stderr.write(`${JSON.stringify({ summary: summaryObject(summary) })}\n`);
    return;
  }
  process.stderr.write(`${describeSummary(summary)}\n`);
  if (summary.complete) return;
  const left = output === '-' ? 'the output ends there' : `${output} was not written`;
  process.stderr.write(`stopped before the end of the input; ${left}\n`);
}

interface Input {
  readonly chunks: AsyncIterable<Buffer>;
  /** Undefined for what is no file. */
  readonly totalBytes: number | undefined;
  readonly bytesRead: () => number;
}

async function openInput(path: string): Promise<Input> {
  if (path === '-') return { chunks: process.stdin, totalBytes: undefined, bytesRead: () => 0 };
  const unreadable = (cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new IsthmusError('SYSTEM', { detail: `${path} cannot be read: ${reason}`, cause });
  };
  const info = await stat(path).catch((cause: unknown) => {
    throw unreadable(cause);
  });
  if (info.isDirectory()) throw unreadable('it is a folder');
  const stream = createReadStream(path, { highWaterMark: 64 * 1024 });
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of stream) yield chunk;
    } catch (cause) {
      throw unreadable(cause);
    }
  }
  return { chunks: chunks(), totalBytes: info.isFile() ? info.size : undefined, bytesRead: () => stream.bytesRead };
}
