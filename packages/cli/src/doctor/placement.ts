/** What this folder's configuration says of CPUs and memory: who is pinned where, who polls without pause, and how large rings are. */
import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { type BridgeSettings, defaultConfigFile, listCpus, loadConfig } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';

export interface Placement {
  /** The CPUs that are named, of the gateway and of all services, in order and without doubles. */
  readonly pinned: readonly number[];
  /** How many threads poll without pause, in the gateway's processes and the instances together. */
  readonly polling: number;
  /** Bytes of the largest ring; 0 without services. */
  readonly largestRing: number;
}

/** Of no configuration. */
export const nowhere: Placement = { pinned: [], polling: 0, largestRing: 0 };

/** Where there is no configuration, or none that can be used (the check `gateway` says so), nobody is pinned, and nobody polls. */
export async function readPlacement(): Promise<Placement> {
  try {
    await access(defaultConfigFile);
  } catch {
    return nowhere;
  }
  try {
    return placementOf(await loadConfig());
  } catch (error) {
    if (error instanceof IsthmusError) return nowhere;
    throw error;
  }
}

export function placementOf({ http, services }: BridgeSettings): Placement {
  const lists = [
    http.cpus,
    ...services.map(({ origin }) => (origin.kind === 'path' ? undefined : origin.process.cpus)),
  ];
  const pinned = new Set(lists.flatMap((list) => (list === undefined ? [] : listCpus(list))));
  const spinning = services.filter(({ client }) => client.wait === 'spin');
  const threads = spinning.map(({ origin }) =>
    origin.kind === 'path' ? 1 : origin.process.instances * (origin.process.threads ?? 1),
  );
  const workers = http.workers === 'auto' ? availableParallelism() : http.workers;
  return {
    pinned: [...pinned].sort((a, b) => a - b),
    polling: spinning.length === 0 ? 0 : workers + threads.reduce((sum, count) => sum + count, 0),
    largestRing: Math.max(0, ...services.flatMap(({ client }) => [client.requestRingBytes, client.replyRingBytes])),
  };
}
