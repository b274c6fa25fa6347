/** What an instance writes: line by line into the log, under its name, and the end of its stderr kept. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LastLines } from './last-lines.ts';
import { type Line, LineSplitter } from './lines.ts';
import type { SupervisorLog } from './log.ts';

/** What an instance may say in one line, in bytes; longer lines are cut, so that a runaway program cannot fill memory. */
const maxLineBytes = 8192;
/** How long the end of a dead instance's output is waited for, in ms: somebody else may hold its stderr open. */
const endTimeoutMs = 1000;

export interface OutputOptions {
  readonly name: string;
  readonly log: SupervisorLog;
  /** Gets the lines of stderr. */
  readonly lastStderr: LastLines;
}

/** Logs until both streams end. The result resolves when they have, or soon after the process has. */
export function logOutput(child: ChildProcess, { name, log, lastStderr }: OutputOptions): Promise<unknown> {
  const closed = once(child, 'close').catch(() => {});
  for (const [stream, streamName] of [
    [child.stdout, 'stdout'],
    [child.stderr, 'stderr'],
  ] as const) {
    const splitter = new LineSplitter(maxLineBytes);
    const write = (lines: readonly Line[]) => {
      for (const { bytes, truncated } of lines) {
        const text = bytes.toString('utf8').trimEnd();
        if (text === '') continue;
        if (streamName === 'stderr') lastStderr.push(text);
        log.info({ instance: name, stream: streamName, ...(truncated ? { truncated } : {}) }, text);
      }
    };
    stream?.on('data', (chunk: Buffer) => write(splitter.push(chunk)));
    stream?.on('end', () => write(splitter.end()));
  }
  const late = once(child, 'exit')
    .then(() => sleep(endTimeoutMs, undefined, { ref: false }))
    .catch(() => {});
  return Promise.race([closed, late]);
}
