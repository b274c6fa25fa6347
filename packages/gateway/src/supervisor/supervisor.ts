/** Starts the processes of all services of a configuration that have a command, and keeps them running. */
import { IsthmusError } from '@isthmus/schema';
import type { BackoffOptions } from './backoff.ts';
import { InstanceSet, type InstanceStatus } from './instance-set.ts';
import type { SupervisorLog } from './log.ts';
import { circleOf } from './order.ts';
import { type Readiness, type RolloutOptions, rollOut } from './rollout.ts';
import { makeRuntimeFolder, type RuntimeFolder } from './runtime-folder.ts';
import { defaultStartTimeoutMs, type SupervisedService } from './service.ts';

export interface SupervisorOptions {
  readonly services: readonly SupervisedService[];
  /** Gets starts, deaths and every line that an instance writes. */
  readonly log: SupervisorLog;
  /** Tells when a service takes calls, so that those which come after it can start. Default: once its processes run. */
  readonly isReady?: Readiness;
  /** Gives up starting when it aborts. */
  readonly signal?: AbortSignal;
  /** Where to make the private folder with the sockets. Default: XDG_RUNTIME_DIR, else the system's temporary folder. */
  readonly runtimeParent?: string;
  readonly backoff?: BackoffOptions;
}

const defaultGraceMs = 500;

export class Supervisor implements AsyncDisposable {
  readonly #sets: ReadonlyMap<string, InstanceSet>;
  readonly #folder: RuntimeFolder;
  readonly #log: SupervisorLog;
  /** Rollouts under way, by service. */
  readonly #rollouts = new Map<string, Promise<void>>();
  readonly #stopSignal = new AbortController();
  #stopping: Promise<void> | undefined;
  /** The last resort: whatever ends this process in order, nothing is left behind. */
  readonly #onProcessExit = (): void => {
    for (const set of this.#sets.values()) for (const instance of set.all) instance.kill();
    this.#folder.remove();
  };

  /**
   * Starts every instance, those of services that come `after` others once these are ready. Returns once all processes run, which is
   * before the last ones listen: connect() waits for that. A service that is not ready in its time is logged, and waited for no longer.
   *
   * @throws IsthmusError CONFIG_INVALID when a command cannot be run, a user cannot be had, or services wait for each other in a circle;
   * INVALID_ARGUMENT when a socket's path would be too long; SYSTEM when the private folder cannot be made; what `signal` aborted with.
   * Nothing is left running then.
   */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const { services, runtimeParent } = options;
    const circle = circleOf(services);
    if (circle !== undefined) {
      throw new IsthmusError('CONFIG_INVALID', { detail: `services wait for each other: ${circle.join(', ')}` });
    }
    const folder = await makeRuntimeFolder({
      services,
      shared: services.some(({ user, group, socketMode = 0 }) => user ?? group ?? (socketMode & 0o077) > 0),
      ...(runtimeParent === undefined ? {} : { parent: runtimeParent }),
    });
    const supervisor = new Supervisor(options, folder);
    try {
      await supervisor.#startAll(options);
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
    return supervisor;
  }

  private constructor({ services, log, backoff }: SupervisorOptions, folder: RuntimeFolder) {
    this.#folder = folder;
    this.#log = log;
    this.#sets = new Map(
      services.map((service) => [service.name, new InstanceSet(service, { folder, log, backoff })] as const),
    );
    process.once('exit', this.#onProcessExit);
  }

  /** The private folder that holds all sockets. */
  get runtimeFolder(): string {
    return this.#folder.path;
  }

  /** Where the bridge itself may listen, for those who may enter that folder. */
  get adminSocket(): string {
    return this.#folder.adminSocket;
  }

  /** The folder with the sockets of one service: what connect() takes as `path`. */
  serviceFolder(name: string): string {
    return this.#folder.serviceFolder(name);
  }

  get status(): readonly InstanceStatus[] {
    return [...this.#sets.values()].flatMap((set) => set.status);
  }

  /** How a service is run now; undefined where it is not run here. */
  serviceNow(name: string): SupervisedService | undefined {
    return this.#sets.get(name)?.service;
  }

  /** Whether a rollout of the service is under way. */
  isRollingOut(name: string): boolean {
    return this.#rollouts.has(name);
  }

  /** Kills the instance that listens there at once; it is started again as after any death. */
  replace(socketPath: string): void {
    for (const set of this.#sets.values()) set.all.find((one) => one.socketPath === socketPath)?.replace();
  }

  /**
   * Replaces the instances of a service by new ones, run as `service` says: starts these, waits until they take calls, and drains
   * the old ones. One at a time for each service.
   *
   * @throws IsthmusError UNKNOWN_SERVICE; ROLLOUT_FAILED when the new ones did not come up: then the old ones go on.
   */
  async rollout(service: SupervisedService, options: Omit<RolloutOptions, 'signal'>): Promise<void> {
    const { name } = service;
    const set = this.#sets.get(name);
    if (set === undefined) throw new IsthmusError('UNKNOWN_SERVICE', { detail: `${name} is not run by this bridge` });
    if (this.#rollouts.has(name)) {
      throw new IsthmusError('ROLLOUT_FAILED', { detail: `another rollout of ${name} is under way` });
    }
    if (this.#stopping !== undefined) throw new IsthmusError('ROLLOUT_FAILED', { detail: 'the bridge stops' });
    this.#log.info({ service: name, instances: service.instances }, 'rollout begins');
    const rollout = rollOut(set, service, { ...options, signal: this.#stopSignal.signal });
    this.#rollouts.set(name, rollout);
    try {
      await rollout;
      this.#log.info({ service: name }, 'rollout is done');
    } catch (error) {
      this.#log.error({ service: name, err: error }, 'rollout failed; the old instances go on');
      throw error;
    } finally {
      this.#rollouts.delete(name);
    }
  }

  /**
   * Stops all instances, those of a rollout too: SIGTERM, SIGINT after half of `graceMs` (default 500), and SIGKILL at its end. Then
   * removes the sockets and their folder. A second call waits for the first.
   */
  stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.graceMs ?? defaultGraceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    this.#stopSignal.abort();
    const grace = { drainMs: graceMs / 2, stopMs: graceMs / 2 };
    const all = () => [...this.#sets.values()].flatMap((set) => set.all);
    await Promise.all(all().map((instance) => instance.stop(grace)));
    // What a rollout was just starting when this began, it stops itself.
    await Promise.allSettled(this.#rollouts.values());
    process.off('exit', this.#onProcessExit);
    this.#folder.remove();
  }

  /** Kills all instances at once and removes their folder, without waiting: for a second Ctrl-C. */
  kill(): void {
    process.off('exit', this.#onProcessExit);
    this.#onProcessExit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #startAll({ services, isReady, signal }: SupervisorOptions): Promise<void> {
    const failure = new AbortController();
    const giveUp = AbortSignal.any(signal === undefined ? [failure.signal] : [failure.signal, signal]);
    const awaited = new Set(services.flatMap(({ after = [] }) => after));
    const ready = new Map<string, Promise<void>>();
    const startOne = (service: SupervisedService): Promise<void> => {
      const started = ready.get(service.name) ?? start(service);
      ready.set(service.name, started);
      return started;
    };
    const start = async (service: SupervisedService): Promise<void> => {
      try {
        await Promise.all(services.filter(({ name }) => service.after?.includes(name)).map(startOne));
        giveUp.throwIfAborted();
        const set = this.#sets.get(service.name);
        const added = (await set?.add(service)) ?? [];
        await Promise.all(added.map((instance) => instance.start()));
        const sockets = added.map(({ socketPath }) => socketPath);
        if (isReady !== undefined && awaited.has(service.name)) await this.#ready(isReady, service, sockets, giveUp);
      } catch (error) {
        failure.abort(error);
        throw error;
      }
    };
    await Promise.allSettled(services.map(startOne));
    // The first failure, and not what the others gave up for because of it.
    giveUp.throwIfAborted();
  }

  async #ready(
    isReady: Readiness,
    { name, startTimeoutMs = defaultStartTimeoutMs }: SupervisedService,
    sockets: readonly string[],
    giveUp: AbortSignal,
  ): Promise<void> {
    const signal = AbortSignal.any([giveUp, AbortSignal.timeout(startTimeoutMs)]);
    await isReady(name, sockets, signal).catch((error: unknown) => {
      giveUp.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn(
        { service: name, startTimeoutMs, reason },
        'service is not ready; those after it start all the same',
      );
    });
  }
}
