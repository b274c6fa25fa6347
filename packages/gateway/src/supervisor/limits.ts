/** What a process may take of the machine. The system's own tools set it, so that no helper program is needed. */
import { access, constants } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';

export interface ResourceLimits {
  /**
   * Address space, in bytes (RLIMIT_AS): what is mapped, not what is in use. Segments of clients and the stacks of threads count.
   * Left out: the limit of this process.
   */
  readonly memoryBytes?: number | undefined;
  /** Open files (RLIMIT_NOFILE); a client takes a few. */
  readonly openFiles?: number | undefined;
  /** Seconds of CPU time (RLIMIT_CPU), over all threads; then SIGXCPU, and SIGKILL if the program goes on. */
  readonly cpuSeconds?: number | undefined;
  /** The CPUs it may run on, as `taskset --cpu-list` takes them: `0-1,4`. */
  readonly cpus?: string | undefined;
}

/** How long a program that catches SIGXCPU may tidy up, in seconds of CPU time. */
const tidyUpSeconds = 2;

/**
 * The command with its limits. Each wrapper becomes the next by exec, so the process's id is the program's own. The command is handed over as
 * arguments and no text of it is read by the shell; the limits are numbers.
 */
export function limited(command: readonly string[], limits: ResourceLimits = {}): readonly string[] {
  const { memoryBytes, openFiles, cpuSeconds, cpus } = limits;
  const steps = [
    ...(memoryBytes === undefined ? [] : [`ulimit -v ${whole(memoryBytes / 1024)}`]),
    ...(openFiles === undefined ? [] : [`ulimit -n ${whole(openFiles)}`]),
    ...(cpuSeconds === undefined
      ? []
      : [`ulimit -S -t ${whole(cpuSeconds)}`, `ulimit -H -t ${whole(cpuSeconds) + tidyUpSeconds}`]),
  ];
  const pinned = cpus === undefined ? command : ['taskset', '-c', cpus, ...command];
  return steps.length === 0 ? pinned : ['sh', '-c', [...steps, 'exec "$@"'].join(' && '), 'sh', ...pinned];
}

/** Whether a program can be run: what a wrapper in front of it would only find out later. */
export async function isRunnable(program: string, cwd: string): Promise<boolean> {
  const folders = program.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  for (const folder of folders) {
    const runnable = await access(resolve(cwd, join(folder, program)), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runnable) return true;
  }
  return false;
}

function whole(value: number): number {
  return Math.floor(value);
}
