/** One service to run, and how. */
import type { ResourceLimits } from './limits.ts';

export interface SupervisedService {
  readonly name: string;
  /** The program and its arguments; run without a shell. */
  readonly command: readonly string[];
  /** How many processes, 1 or more. */
  readonly instances: number;
  /** Absolute. */
  readonly cwd: string;
  /** Environment variables beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Only PATH of this process's environment, beside `env`. Default false. */
  readonly cleanEnv?: boolean | undefined;
  /** The CPUs of the serving threads, of each instance in turn: handed over as `--cpus`. Default: not pinned. */
  readonly cpus?: readonly string[] | undefined;
  readonly limits?: ResourceLimits | undefined;
  /** Whose rights the processes have: a name or a number. Default: this process's. */
  readonly user?: string | undefined;
  /** Default: the user's own. */
  readonly group?: string | undefined;
  /** Permission bits of the sockets, which the program sets: their folder lets in the same. Default 0o600. */
  readonly socketMode?: number | undefined;
  /** Services of the same supervisor that are waited for before this one starts. */
  readonly after?: readonly string[] | undefined;
  /** How long an instance may take to answer after its start, in ms. Default 10,000. */
  readonly startTimeoutMs?: number | undefined;
  /** How long an instance that is replaced may wait for its clients to leave, in ms. Default 10,000. */
  readonly drainTimeoutMs?: number | undefined;
}

export const defaultStartTimeoutMs = 10_000;
export const defaultDrainTimeoutMs = 10_000;
