/** A rollout as the command sees it: builds what is to run, and has the running bridge run it. */
import { loadConfig, type RolloutEvent } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import { askStatus, requestRollout } from './admin/client.ts';
import { unknownService } from './instances.ts';
import { prepareService } from './programs/prepare.ts';

export interface RolloutCommand {
  readonly service: string;
  /** The configuration's file. */
  readonly config: string;
  /** Told what is being built. */
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Reads the configuration anew, builds the service, and has the bridge replace its instances; gives what happens as it happens.
 *
 * @throws IsthmusError NO_BRIDGE; UNKNOWN_SERVICE; CONFIG_INVALID for a service that somebody else starts; BUILD_FAILED; ROLLOUT_FAILED.
 *   The instances that run are as they were then.
 */
export async function* rollOutService(command: RolloutCommand): AsyncGenerator<RolloutEvent, void> {
  const { service: name, config, report, signal } = command;
  const { folder, services } = await loadConfig(config);
  const service = services.find((candidate) => candidate.name === name);
  if (service === undefined) throw unknownService(name, services);
  const bridge = await askStatus({ folder, signal });
  const running = bridge.services.find((candidate) => candidate.name === name);
  if (running === undefined) throw unknownService(name, bridge.services);
  const [program] = running.command ?? [];
  const prepared = await prepareService(service, { folder, report, signal, running: program });
  if (prepared === undefined || program === undefined) {
    throw new IsthmusError('CONFIG_INVALID', { detail: `services.${name}: Isthmus does not start its instances` });
  }
  yield* requestRollout({ folder, signal }, prepared);
}
