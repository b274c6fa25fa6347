/** Finds instances whose serving threads do not answer: each is asked through the ring, as a call would be. */
import { setTimeout as sleep } from 'node:timers/promises';
import { IsthmusError } from '@isthmus/schema';

/** A client of a service, as far as this needs one: core's `Client` is one. */
export interface Pingable {
  readonly $instances: readonly (PingedInstance & { readonly draining: boolean })[];
  $ping(options: { readonly timeoutMs: number; readonly path: string }): Promise<
    readonly (PingedInstance & {
      readonly lanes: readonly { readonly lane: number; readonly ms: number | undefined }[];
    })[]
  >;
}

export interface PingedInstance {
  /** Its socket. */
  readonly path: string;
  /** As this PID namespace sees it; 0 where it does not. */
  readonly pid: number;
}

export interface LivenessOptions {
  readonly client: Pingable;
  /** The rest between two rounds of an instance, in ms. */
  readonly intervalMs: number;
  /** How long a serving thread may take to answer, in ms. */
  readonly timeoutMs: number;
  /**
   * These serving threads, from 0, have not answered for `timeoutMs`. Told once of each, until it answers again. The instance is
   * asked nothing else before the promise is settled. A rejection stays unhandled.
   */
  readonly onStuck: (instance: PingedInstance, lanes: readonly number[]) => Promise<void> | void;
}

export interface LivenessWatch {
  /** Asks nothing more; what was asked is not waited for. Any number of times. */
  stop(): Promise<void>;
}

/** How much later than asked for an answer, or the end of its time, may come before we ourselves have been held up, in ms. */
const lateMs = 1000;

/** Watches all instances that the client is connected to, one round at a time for each. Does not keep the process alive. */
export function watchLiveness(options: LivenessOptions): LivenessWatch {
  const { client, intervalMs } = options;
  const watched = new Map<string, Promise<void>>();
  const ended = new AbortController();
  const { signal } = ended;
  const rest = (): Promise<unknown> => sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);

  /** As long as this process of it is there. */
  const watchInstance = async (instance: PingedInstance): Promise<void> => {
    const told = new Set<number>();
    while (!signal.aborted && isConnected(client, instance)) {
      const stuck = await findStuck(options, instance);
      if (signal.aborted) return;
      const fresh = stuck.filter((lane) => !told.has(lane));
      told.clear();
      for (const lane of stuck) told.add(lane);
      if (fresh.length > 0) await options.onStuck(instance, fresh);
      await rest();
    }
  };

  const look = async (): Promise<void> => {
    while (!signal.aborted) {
      for (const { path, pid, draining } of client.$instances) {
        const key = keyOf({ path, pid });
        if (draining || watched.has(key)) continue;
        watched.set(
          key,
          watchInstance({ path, pid }).finally(() => watched.delete(key)),
        );
      }
      await rest();
    }
  };

  const looking = look();
  return {
    async stop() {
      ended.abort();
      await looking;
    },
  };
}

function keyOf({ path, pid }: PingedInstance): string {
  return `${pid} ${path}`;
}

function isConnected(client: Pingable, instance: PingedInstance): boolean {
  return client.$instances.some((one) => !one.draining && keyOf(one) === keyOf(instance));
}

/**
 * The lanes that have answered neither of two pings, each of which had half of the time. Two, because whatever holds up us and the
 * instance alike (a container that is paused, a machine that is out of breath) ends the time of the ping that was under way.
 */
async function findStuck({ client, timeoutMs }: LivenessOptions, instance: PingedInstance): Promise<readonly number[]> {
  const silent = await pingHalf(client, instance, timeoutMs / 2);
  if (silent.length === 0) return silent;
  const again = await pingHalf(client, instance, timeoutMs / 2);
  return again.filter((lane) => silent.includes(lane));
}

/** The lanes that did not answer. None where that means nothing: the instance has gone, or we were not there to hear. */
async function pingHalf(client: Pingable, instance: PingedInstance, timeoutMs: number): Promise<readonly number[]> {
  const startMs = performance.now();
  const pings = await client.$ping({ timeoutMs, path: instance.path }).catch((error: unknown) => {
    // The client is closed: whoever did that stops this as well.
    if (error instanceof IsthmusError && error.code === 'CLOSED') return [];
    throw error;
  });
  if (performance.now() - startMs > timeoutMs + lateMs) return [];
  return pings
    .filter((one) => keyOf(one) === keyOf(instance))
    .flatMap(({ lanes }) => lanes.filter(({ ms }) => ms === undefined).map(({ lane }) => lane));
}
