/** Where log lines go: to stderr, so that stdout stays what a command answers. */
import { type LogLevel, secretLogPaths } from '@isthmus/gateway';
import { type Logger, pino } from 'pino';
import { colours } from './colours.ts';

export interface Log {
  readonly logger: Logger;
  /** Writes out what is buffered. Call it before the process ends. */
  flush(): void;
}

/** Nothing here logs them on purpose. */
const redact = { paths: [...secretLogPaths], censor: '[secret]' };

/** What a pipe takes in one piece, in bytes, whoever else writes to it (PIPE_BUF). */
const atomicBytes = 4096;

/**
 * On a terminal a line a person can read; else pino's JSON, one object a line, for whatever collects logs.
 *
 * @param worker The worker that this process is, which each line then has; undefined: none.
 */
export function createLog(level: LogLevel, worker?: number): Log {
  const options = { level, redact };
  if (process.stderr.isTTY) {
    const write = (line: string) => process.stderr.write(`${readableLine(line)}\n`);
    return { logger: named(pino(options, { write }), worker), flush: () => {} };
  }
  // Buffered: a write to the kernel for each request would cost more than the request. All workers share stderr, so they write whole lines.
  const destination = pino.destination({ fd: 2, sync: false, ...(worker !== undefined && { maxWrite: atomicBytes }) });
  return { logger: named(pino(options, destination), worker), flush: () => destination.flushSync() };
}

function named(logger: Logger, worker: number | undefined): Logger {
  return worker === undefined ? logger : logger.child({ worker });
}

/** Fields that a person does not need to see on each line. */
const hidden = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'instance', 'stream']);

/** One JSON line of pino as `12:30:01 warn pricing/1 instance died code=1`. */
export function readableLine(line: string): string {
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== 'object' || entry === null) return line.trimEnd();
  const fields = new Map<string, unknown>(Object.entries(entry));
  const { dim, red, yellow, cyan } = colours(process.stderr);
  const level = pino.levels.labels[Number(fields.get('level'))] ?? 'info';
  const paint = level === 'error' || level === 'fatal' ? red : level === 'warn' ? yellow : dim;
  const time = new Date(Number(fields.get('time'))).toTimeString().slice(0, 8);
  const rest = [...fields].filter(([name, value]) => !hidden.has(name) && value !== null);
  const words = [
    dim(time),
    paint(level),
    ...(fields.has('instance') ? [cyan(String(fields.get('instance')))] : []),
    String(fields.get('msg') ?? ''),
    ...rest.map(([name, value]) => dim(`${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)),
  ];
  return words.join(' ');
}
