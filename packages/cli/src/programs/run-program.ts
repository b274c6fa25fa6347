/** Runs a program to its end, for compilers and build commands. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { IsthmusError } from '@isthmus/schema';

/** The most output that is kept, in bytes: the end of it, where compilers say what went wrong last. */
const maxOutputBytes = 256 * 1024;

export interface RunOptions {
  readonly cwd: string;
  /** Beside this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the program when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * Runs `command` without a shell and returns what it wrote, stdout and stderr together.
 *
 * @throws IsthmusError BUILD_FAILED when it cannot be run or does not end with 0; the detail has its output.
 */
export async function runProgram(command: readonly string[], options: RunOptions): Promise<string> {
  const [program = '', ...args] = command;
  const { cwd, env = {}, signal } = options;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let output = Buffer.alloc(0);
  const keep = (chunk: Buffer) => {
    output = Buffer.concat([output, chunk]).subarray(-maxOutputBytes);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const shown = command.join(' ');
  const [code, by]: unknown[] = await once(child, 'close').catch((cause: unknown) => {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new IsthmusError('BUILD_FAILED', { detail: `${shown} cannot be run in ${cwd} (${reason})`, cause });
  });
  const text = output.toString('utf8').trimEnd();
  if (code === 0) return text;
  const how = typeof by === 'string' ? `was ended by ${by}` : `ended with exit code ${String(code)}`;
  throw new IsthmusError('BUILD_FAILED', { detail: `${shown} ${how}${text === '' ? '' : `:\n${text}`}` });
}
