/** Starts the processes of all services of a configuration that have a command, and keeps them running. */
import type { BackoffOptions } from './backoff.ts';
import { Instance, type InstanceState } from './instance.ts';
import type { SupervisorLog } from './log.ts';
import { makeRuntimeFolder, type RuntimeFolder } from './runtime-folder.ts';

/** One service to run. */
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
}

export interface SupervisorOptions {
  readonly services: readonly SupervisedService[];
  /** Gets starts, deaths and every line that an instance writes. */
  readonly log: SupervisorLog;
  /** Where to make the private folder with the sockets. Default: XDG_RUNTIME_DIR, else the system's temporary folder. */
  readonly runtimeParent?: string;
  readonly backoff?: BackoffOptions;
}

/** What one instance is doing, for status pages and tests. */
export interface InstanceStatus {
  readonly service: string;
  readonly name: string;
  readonly state: InstanceState;
  readonly pid: number | undefined;
  readonly restarts: number;
}

export class Supervisor implements AsyncDisposable {
  readonly #instances: readonly (readonly [service: string, instance: Instance])[];
  readonly #folder: RuntimeFolder;
  #stopping: Promise<void> | undefined;
  /** The last resort: whatever ends this process in order, nothing is left behind. */
  readonly #onProcessExit = (): void => {
    for (const [, instance] of this.#instances) instance.kill();
    this.#folder.remove();
  };

  /**
   * Starts every instance. Returns once all processes run, which is before they listen: connect() waits for that.
   *
   * @throws IsthmusError CONFIG_INVALID when a command cannot be run, INVALID_ARGUMENT when a socket's path would be too
   * long, SYSTEM when the private folder cannot be made. Nothing is left running then.
   */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const { services, runtimeParent } = options;
    const folder = await makeRuntimeFolder({
      services,
      ...(runtimeParent === undefined ? {} : { parent: runtimeParent }),
    });
    const supervisor = new Supervisor(options, folder);
    const started = await Promise.allSettled(supervisor.#instances.map(([, instance]) => instance.start()));
    const failed = started.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      await supervisor.stop();
      throw failed.reason;
    }
    return supervisor;
  }

  private constructor(options: SupervisorOptions, folder: RuntimeFolder) {
    this.#folder = folder;
    this.#instances = options.services.flatMap(({ name, command, instances, cwd, env }) =>
      Array.from({ length: instances }, (_, index) => {
        const instance = new Instance({
          name: `${name}/${index + 1}`,
          command,
          cwd,
          env,
          socketPath: folder.socketPath(name, index + 1),
          log: options.log,
          ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
        });
        return [name, instance] as const;
      }),
    );
    process.once('exit', this.#onProcessExit);
  }

  /** The private folder that holds all sockets. */
  get runtimeFolder(): string {
    return this.#folder.path;
  }

  /** The folder with the sockets of one service: what connect() takes as `path`. */
  serviceFolder(name: string): string {
    return this.#folder.serviceFolder(name);
  }

  get status(): readonly InstanceStatus[] {
    return this.#instances.map(([service, instance]) => ({
      service,
      name: instance.name,
      state: instance.state,
      pid: instance.pid,
      restarts: instance.restarts,
    }));
  }

  /**
   * Stops all instances: SIGTERM, and SIGKILL for those that still run after `graceMs` (default 500). Then removes the
   * sockets and their folder. A second call waits for the first.
   */
  stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.graceMs ?? 500);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    await Promise.all(this.#instances.map(([, instance]) => instance.stop(graceMs)));
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
}
