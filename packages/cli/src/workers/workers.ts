/** All workers of a bridge: gateways on one port, each a process of its own, so that a crash of one is not felt by the others. */
import { type BackoffOptions, RateWindows, type SupervisorLog } from '@isthmus/gateway';
import type { WorkerJob } from './messages.ts';
import { SharedPort } from './shared-port.ts';
import { WorkerProcess } from './worker-process.ts';
import { type WorkerReport, workerReportOf } from './worker-report.ts';

export interface WorkersOptions {
  /** How many, 1 or more. */
  readonly count: number;
  readonly host: string;
  /** 0: a free one, the same for all. */
  readonly port: number;
  /** What they serve, as things are when one of them starts. */
  readonly job: () => Omit<WorkerJob, 'number'>;
  /** The CPUs that they are pinned to, one each, in turn. Default: not pinned. */
  readonly cpus?: readonly number[];
  readonly log: SupervisorLog;
  readonly backoff?: BackoffOptions;
  /** What each of them runs. Default: the worker. */
  readonly program?: string;
}

export class Workers {
  readonly count: number;
  readonly #processes: readonly WorkerProcess[];
  /** The last resort: whatever ends this process in order, none is left behind. */
  readonly #onProcessExit = (): void => {
    for (const one of this.#processes) one.kill();
  };

  constructor({ count, host, port, job, cpus = [], ...rest }: WorkersOptions) {
    this.count = count;
    const shared = { ...rest, port: new SharedPort({ host, port }), windows: new RateWindows() };
    this.#processes = Array.from({ length: count }, (_, index) => {
      const number = index + 1;
      return new WorkerProcess(number, {
        ...shared,
        ...{ job: () => ({ ...job(), number }), cpu: cpus[index % cpus.length] },
      });
    });
  }

  /**
   * Starts all of them; returns the base URL once all listen.
   *
   * @throws IsthmusError why one does not serve. The others are to be stopped then.
   */
  async start(): Promise<string> {
    process.once('exit', this.#onProcessExit);
    const [url = ''] = await Promise.all(this.#processes.map((one) => one.start()));
    return url;
  }

  /** Has all of them close, and kills those that have not after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.stop(graceMs)));
    process.off('exit', this.#onProcessExit);
  }

  /** What each of them does now. */
  report(): Promise<readonly WorkerReport[]> {
    return Promise.all(this.#processes.map(async (one) => workerReportOf(one.status, await one.ask())));
  }
}
