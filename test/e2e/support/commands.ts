/** Runs programs as a user does from a shell: processes of their own, in an environment that knows nothing of the tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repository } from '../../../scripts/generated.ts';

export interface RunOptions {
  readonly cwd: string;
  /** Beside this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves once it has ended and its output has been read. */
  readonly result: Promise<Result>;
}

/** The source of the `isthmus` command, to be run by this Node. */
export const isthmusCommand: readonly string[] = [process.execPath, join(repository, 'packages/cli/src/main.ts')];

/**
 * Starts a program in a process group of its own, whose id is its pid: a signal to the group is what a terminal's Ctrl-C
 * sends. Whoever starts it ends it.
 */
export function start(command: readonly string[], { cwd, env = {} }: RunOptions): RunningCommand {
  const [program = '', ...args] = command;
  // npm and node_modules/.bin as in the README; without the variables by which node:test and npm tell that they run.
  // Where the machine's own npm settings lie stays, since a certificate or a proxy may be among them.
  const dropped = /^(NODE_TEST_CONTEXT|npm_(?!config_(globalconfig|userconfig|cache)$).*)$/i;
  const inherited = Object.entries(process.env).filter(([name]) => !dropped.test(name));
  const child = spawn(program, args, {
    cwd,
    env: {
      ...Object.fromEntries(inherited),
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      NO_COLOR: '1',
      ...env,
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const result = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
  // A start that fails is reported to whoever awaits the result, and to nobody before.
  result.catch(() => {});
  return { child, pid: child.pid ?? 0, stdout: () => stdout, stderr: () => stderr, result };
}

/** Runs a program to its end. */
export function run(command: readonly string[], options: RunOptions): Promise<Result> {
  return start(command, options).result;
}

/** Runs a line of a shell, as printed for a reader to paste. */
export function runShell(line: string, options: RunOptions): Promise<Result> {
  return run(['sh', '-c', line], options);
}

/** Kills what is left of a program and its group. Harmless when it has gone. */
export async function end({ child, pid, result }: RunningCommand): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || pid === 0) return;
  process.kill(-pid, 'SIGKILL');
  await result;
}

/** Tries until `probe` gives something, and fails after `timeoutMs`. */
export async function eventually<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 60_000,
): Promise<T> {
  const limit = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > limit) throw new Error(`nothing within ${timeoutMs} ms`);
    await sleep(10);
  }
}
