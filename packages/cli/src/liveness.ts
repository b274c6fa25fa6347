/** Looks after the instances that Isthmus starts: one that does not answer is described in the log, and replaced. */
import { readFile } from 'node:fs/promises';
import {
  describeThreads,
  type LivenessConfig,
  type LivenessWatch,
  type Pingable,
  type SupervisorLog,
  watchLiveness,
} from '@isthmus/gateway';

export interface LookAfterOptions {
  /** The service's name. */
  readonly service: string;
  readonly client: Pingable;
  readonly settings: Required<LivenessConfig>;
  /** Kills the instance that listens there; the supervisor starts it again. */
  readonly replace: (socketPath: string) => void;
  readonly log: SupervisorLog;
}

export function lookAfter({ service, client, settings, replace, log }: LookAfterOptions): LivenessWatch {
  const { intervalMs, timeoutMs } = settings;
  return watchLiveness({
    ...{ client, intervalMs, timeoutMs },
    async onStuck({ path, pid }, lanes) {
      const fields = { service, socket: path, instancePid: pid, lanes, timeoutMs };
      if (await isTraced(pid)) {
        log.warn(fields, 'instance does not answer, and is left alone: somebody debugs it');
        return;
      }
      log.error({ ...fields, threads: await describeThreads(pid) }, 'instance does not answer');
      // It may have gone while it was described, and another one listens there.
      if (!settings.replace || !client.$instances.some((one) => one.path === path && one.pid === pid)) return;
      log.error(fields, 'instance is killed, to be replaced');
      replace(path);
    },
  });
}

/** Whether a debugger holds the process; false where /proc does not say. */
async function isTraced(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^TracerPid:\s*[1-9]/m.test(status);
}
