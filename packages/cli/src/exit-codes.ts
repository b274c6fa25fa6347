/** What the `isthmus` command ends with. docs/cli.md lists the same. */
export const exitCodes = {
  /** All went well. */
  done: 0,
  /** Something failed: a call, a row, a check, a start. */
  failed: 1,
  /** The command line was wrong: nothing was done. */
  usage: 2,
} as const;

/** A command tells its exit code through this; without a word it is 0. */
export type SetExitCode = (code: number) => void;

/** A wrong command line that only the command itself can see, such as two options that exclude each other. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit code of a process that a signal ended, as shells count it. */
export function signalExitCode(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): number {
  return 128 + { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[signal];
}
