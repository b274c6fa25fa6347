/** One run of a bridge: from settings to a gateway that listens, and back to nothing. */
import { attach } from '@isthmus/core';
import {
  type BridgeSettings,
  createGateway,
  exposureWarnings,
  type Gateway,
  type GatewayRegion,
  type RegionSettings,
  type ServiceSettings,
} from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import { listenAdmin } from './admin/server.ts';
import { type Connection, connectService, reasonOf, waitForInstances } from './clients.ts';
import { type Instances, startServices } from './instances.ts';
import { lookAfter } from './liveness.ts';
import { createLog, type Log } from './log.ts';
import { createMissing } from './regions/create-segments.ts';
import { announceBridge } from './running-bridge.ts';
import { describeBridge } from './welcome.ts';

/** Stopping takes at most the sum of these, in ms: the promise is two seconds. */
const inFlightTimeoutMs = 1000;
const stopGraceMs = 500;

interface ConnectedService extends Connection {
  readonly service: ServiceSettings;
}

/**
 * Serves until `stop` aborts; then the gateway stops accepting, calls in flight are finished up to a bound, and the
 * instances stop. Returns once nothing is left. A stop while it still starts is no error.
 *
 * @throws IsthmusError when it cannot start. Nothing is left then either.
 */
export async function serve(settings: BridgeSettings, stop: AbortSignal): Promise<void> {
  const log = createLog(settings.log.level);
  const cleanUps: (() => Promise<void> | void)[] = [];
  try {
    await bringUp(settings, { log, stop, cleanUps });
    await aborted(stop);
  } catch (error) {
    // Stopped by the user before it had started: what was being done failed for that reason alone.
    if (!stop.aborted) throw error;
  } finally {
    // In the reverse of the order in which things came up; each is tried even if one before it fails.
    for (const cleanUp of cleanUps.reverse()) {
      await Promise.resolve()
        .then(cleanUp)
        .catch((error: unknown) => log.logger.error({ err: error }, 'stopping failed'));
    }
    log.flush();
  }
}

interface BringUpContext {
  readonly log: Log;
  readonly stop: AbortSignal;
  /** What undoes each step, in the order of the steps. */
  readonly cleanUps: (() => Promise<void> | void)[];
}

async function bringUp(settings: BridgeSettings, { log, stop, cleanUps }: BringUpContext): Promise<void> {
  const { logger } = log;
  const { folder, services } = settings;
  const report = (line: string) => process.stdout.write(`${line}\n`);

  for (const warning of exposureWarnings(settings)) logger.warn(warning);
  // Before the programs start, some of which may expect to find them.
  for (const region of settings.regions) cleanUps.push(await createMissing(region, logger));
  const instances = await startServices({ folder, services }, { log: logger, report, signal: stop });
  cleanUps.push(() => instances.stop({ graceMs: stopGraceMs }));
  stop.throwIfAborted();
  cleanUps.push(await announceBridge(folder, instances.runtimeFolder));

  const connected: ConnectedService[] = [];
  for (const service of services) {
    connected.push(await connectTo(service, instances, log));
    cleanUps.push(
      ...connected.slice(-1).map(
        ({ client }) =>
          () =>
            client.$close(),
      ),
    );
  }
  const { supervisor } = instances;
  const connections = new Map(connected.map((one) => [one.service.name, one]));
  cleanUps.push(await listenAdmin({ supervisor, connections }));
  await Promise.all(connected.map((one) => awaitInstances(one, log, stop)));
  for (const { service, client } of connected) {
    const settings = service.origin.kind === 'path' ? undefined : service.origin.process.liveness;
    if (settings === undefined) continue;
    const replace = (socketPath: string) => supervisor.replace(socketPath);
    const watch = lookAfter({ service: service.name, client, settings, replace, log: logger });
    cleanUps.push(() => watch.stop());
  }

  const regions: Record<string, GatewayRegion> = {};
  for (const region of settings.regions) {
    const attached = await attachTo(region, log);
    cleanUps.push(() => attached.detach());
    regions[region.name] = { region: attached.untyped, description: region.description };
  }

  const gateway = await createGateway({
    ...settings.http,
    logger,
    services: Object.fromEntries(
      connected.map(({ service, client }) => [
        service.name,
        { schema: service.schema, client, examples: service.example },
      ]),
    ),
    regions,
    auth: settings.auth,
  });
  cleanUps.push(() => gateway.close({ timeoutMs: inFlightTimeoutMs }));
  const url = await listen(gateway, settings.http);
  stop.throwIfAborted();
  const counts = connected.map(({ service, client }) => ({ service, instances: client.$instances.length }));
  const pages = Object.keys(settings.http.pages);
  process.stdout.write(
    `${describeBridge(url, { services: counts, regions: settings.regions, pages, isGuarded: settings.auth !== undefined })}\n`,
  );
}

async function connectTo(service: ServiceSettings, instances: Instances, { logger }: Log): Promise<ConnectedService> {
  const { schema, client: settings } = service;
  const connection = await connectService({ schema, path: instances.pathOf(service.name), settings, log: logger });
  return { service, ...connection };
}

/** Memory that is not there, or not to be had, does not keep the rest from being served: its program may still be about to start. */
async function attachTo({ name, struct, options }: RegionSettings, { logger }: Log) {
  const attached = await attach(struct, options);
  if (attached.isLive) return attached;
  await attached.readInto(new Uint8Array(struct.layout.size)).catch((error: unknown) => {
    logger.warn({ region: name, ...reasonOf(error) }, 'region cannot be read; served once it can');
  });
  return attached;
}

/** A service that does not come up does not keep the others from being served: /readyz and the log tell. */
async function awaitInstances(connected: ConnectedService, { logger }: Log, signal: AbortSignal): Promise<void> {
  const { service, client } = connected;
  const { origin } = service;
  const [count, timeoutMs] =
    origin.kind === 'path'
      ? [1, service.client.connectTimeoutMs]
      : [origin.process.instances, origin.process.startTimeoutMs];
  if (await waitForInstances(connected, { count, timeoutMs, signal })) return;
  const fields = { service: service.name, wanted: count, connected: client.$instances.length };
  logger.warn(fields, 'not all instances came up; serving without them');
}

async function listen(gateway: Gateway, { host, port }: BridgeSettings['http']): Promise<string> {
  try {
    return await gateway.listen();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new IsthmusError('SYSTEM', {
        detail: `${host}:${port} is in use by another program; choose another --port`,
        cause,
      });
    }
    throw new IsthmusError('SYSTEM', {
      detail: `listening on ${host}:${port} failed (${String(code ?? cause)})`,
      cause,
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
