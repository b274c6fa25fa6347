/** The instances of one service. */
import type { BackoffOptions } from './backoff.ts';
import { identityOf } from './identity.ts';
import { type Grace, Instance, type InstanceState } from './instance.ts';
import type { SupervisorLog } from './log.ts';
import type { Exit } from './restarts.ts';
import type { RuntimeFolder } from './runtime-folder.ts';
import type { SupervisedService } from './service.ts';

/** What one instance is doing, for status pages and tests. */
export interface InstanceStatus {
  readonly service: string;
  readonly name: string;
  /** Where it listens. */
  readonly socketPath: string;
  readonly state: InstanceState;
  readonly pid: number | undefined;
  readonly restarts: number;
  /** How long its process has been running, in ms; undefined without one. */
  readonly uptimeMs: number | undefined;
  /** Whether it keeps dying soon after its start. */
  readonly crashLoop: boolean;
  /** How its last process ended. */
  readonly lastExit: Exit | undefined;
  /** The last lines that it wrote to stderr, at most 20. */
  readonly lastStderr: readonly string[];
}

export interface InstanceContext {
  readonly folder: RuntimeFolder;
  readonly log: SupervisorLog;
  readonly backoff?: BackoffOptions | undefined;
}

export class InstanceSet {
  readonly #context: InstanceContext;
  #service: SupervisedService;
  #instances: Instance[] = [];

  constructor(service: SupervisedService, context: InstanceContext) {
    this.#service = service;
    this.#context = context;
  }

  /** How the service is run now. */
  get service(): SupervisedService {
    return this.#service;
  }

  get all(): readonly Instance[] {
    return this.#instances;
  }

  get status(): readonly InstanceStatus[] {
    return this.#instances.map((instance) => ({
      service: this.#service.name,
      name: instance.name,
      socketPath: instance.socketPath,
      state: instance.state,
      pid: instance.pid,
      restarts: instance.restarts,
      uptimeMs: instance.uptimeMs,
      crashLoop: instance.crashLoop,
      lastExit: instance.lastExit,
      lastStderr: instance.lastStderr,
    }));
  }

  /**
   * Adds instances as `service` says, under the lowest numbers that are free. They have not been started.
   *
   * @throws IsthmusError CONFIG_INVALID where the user is none, or not to be had; SYSTEM where there can be no folder.
   */
  async add(service: SupervisedService): Promise<readonly Instance[]> {
    const { folder, log, backoff } = this.#context;
    const { name, instances, cwd, env, cleanEnv = false, limits = {}, socketMode } = service;
    const identity = await identityOf(service);
    await folder.prepare({ service: name, identity, socketMode });
    const taken = new Set(this.#instances.map((instance) => instance.socketPath));
    const added: Instance[] = [];
    for (let number = 1; added.length < instances; number += 1) {
      const socketPath = folder.socketPath(name, number);
      if (taken.has(socketPath)) continue;
      added.push(
        new Instance({
          name: `${name}/${number}`,
          command: commandOf(service, number),
          ...{ cwd, env, cleanEnv, limits, identity, socketPath, log },
          ...(backoff === undefined ? {} : { backoff }),
        }),
      );
    }
    this.#instances = [...this.#instances, ...added];
    return added;
  }

  /** From now on the service is run like this. */
  adopt(service: SupervisedService): void {
    this.#service = service;
  }

  /** Stops instances and lets go of them. */
  async remove(instances: readonly Instance[], grace: Grace): Promise<void> {
    await Promise.all(instances.map((instance) => instance.stop(grace)));
    this.#instances = this.#instances.filter((instance) => !instances.includes(instance));
  }
}

/** What is run, of the instance that has this number, from 1. New ones of a rollout are where the old ones were. */
function commandOf({ command, instances, cpus = [] }: SupervisedService, number: number): readonly string[] {
  const own = cpus[((number - 1) % instances) % cpus.length];
  return own === undefined ? command : [...command, '--cpus', own];
}
