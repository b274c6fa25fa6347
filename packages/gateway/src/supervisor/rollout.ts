/** Replaces the instances of a service by new ones, without a moment in which nobody serves. */
import { IsthmusError } from '@isthmus/schema';
import type { Grace, Instance } from './instance.ts';
import type { InstanceSet } from './instance-set.ts';
import type { Exit } from './restarts.ts';
import { defaultDrainTimeoutMs, defaultStartTimeoutMs, type SupervisedService } from './service.ts';

/**
 * Resolves once all instances that listen on these sockets take calls; rejects with why they never will, or when `signal` aborts.
 */
export type Readiness = (service: string, sockets: readonly string[], signal: AbortSignal) => Promise<void>;

/** What happens during a rollout, in this order. */
export interface RolloutEvent {
  /** `starting`, then `ready`: a new instance. `draining`, then `ended`: an old one. */
  readonly event: 'starting' | 'ready' | 'draining' | 'ended';
  /** As the log names it: `pricing/3`. */
  readonly instance: string;
  /** How an old instance ended; undefined where it was not running. */
  readonly exit?: Pick<Exit, 'code' | 'signal'> | undefined;
}

export interface RolloutOptions {
  readonly isReady: Readiness;
  /** Told what happens. */
  readonly report: (event: RolloutEvent) => void;
  /** Gives up while nothing has been replaced; afterwards it is too late. */
  readonly signal: AbortSignal;
}

/** How long an old instance has after its SIGINT, and a new one that was found wanting after its SIGTERM, in ms. */
const stopMs = 1000;
const hurry: Grace = { drainMs: stopMs / 2, stopMs: stopMs / 2 };

/**
 * Starts new instances as `service` says beside those of `set`, waits until each takes calls, and then drains the old ones, one after the
 * other.
 *
 * @throws IsthmusError ROLLOUT_FAILED when one did not come up: the new ones have gone then, and the old ones were not touched.
 */
export async function rollOut(set: InstanceSet, service: SupervisedService, options: RolloutOptions): Promise<void> {
  const { report } = options;
  const old = set.all;
  const fresh = await bringUp(set, service, options);
  set.adopt(service);
  for (const instance of fresh) report({ event: 'ready', instance: instance.name });
  const { drainTimeoutMs: drainMs = defaultDrainTimeoutMs } = service;
  for (const instance of old) {
    report({ event: 'draining', instance: instance.name });
    const running = instance.pid !== undefined;
    await set.remove([instance], { drainMs, stopMs });
    report({ event: 'ended', instance: instance.name, exit: running ? instance.lastExit : undefined });
  }
}

async function bringUp(
  set: InstanceSet,
  service: SupervisedService,
  { isReady, report, signal }: RolloutOptions,
): Promise<readonly Instance[]> {
  const { name, startTimeoutMs = defaultStartTimeoutMs } = service;
  let fresh: readonly Instance[] = [];
  const gaveUp = new AbortController();
  try {
    fresh = await set.add(service);
    for (const instance of fresh) {
      signal.throwIfAborted();
      report({ event: 'starting', instance: instance.name });
      await instance.start({ onTrial: true });
    }
    const timeout = AbortSignal.timeout(startTimeoutMs);
    const sockets = fresh.map(({ socketPath }) => socketPath);
    await Promise.race([
      isReady(name, sockets, AbortSignal.any([timeout, signal, gaveUp.signal])).catch((error: unknown) => {
        throw timeout.aborted ? failed(`${name}: not all took calls within ${startTimeoutMs} ms`, fresh) : error;
      }),
      ...fresh.map(deathOf),
    ]);
    signal.throwIfAborted();
    // One may have died since it answered. From here on, a death is one like any other.
    const dead = fresh.find(({ state }) => state !== 'running');
    if (dead !== undefined) await deathOf(dead);
    for (const instance of fresh) instance.keepRunning();
    return fresh;
  } catch (cause) {
    gaveUp.abort();
    await set.remove(fresh, hurry);
    if (cause instanceof IsthmusError && cause.code === 'ROLLOUT_FAILED') throw cause;
    const reason = signal.aborted ? 'the bridge stops' : cause instanceof Error ? cause.message : String(cause);
    throw new IsthmusError('ROLLOUT_FAILED', { detail: `${name}: ${reason}`, cause });
  }
}

async function deathOf(instance: Instance): Promise<never> {
  await instance.died;
  throw failed(`${instance.name} ${endingOf(instance.lastExit)}`, [instance]);
}

function failed(reason: string, instances: readonly Instance[]): IsthmusError {
  const words = instances.flatMap(({ name, lastStderr }) => lastStderr.map((line) => `${name}: ${line}`));
  return new IsthmusError('ROLLOUT_FAILED', { detail: [reason, ...words].join('\n  ') });
}

/** How a process ended, in words: `ended with exit code 3`. */
export function endingOf(exit: { readonly code: number | null; readonly signal: string | null } | undefined): string {
  if (exit === undefined) return 'was not running';
  return exit.signal === null ? `ended with exit code ${exit.code}` : `was ended by ${exit.signal}`;
}
