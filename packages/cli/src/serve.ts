/** One run of a bridge: from settings to a gateway that listens, and back to nothing. */
import { type BridgeSettings, exposureWarnings, listCpus, type ServiceSettings } from '@isthmus/gateway';
import { aborted } from './aborted.ts';
import { listenAdmin } from './admin/server.ts';
import { CleanUps } from './clean-ups.ts';
import {
  awaitInstances,
  type ConnectedService,
  connectServices,
  type ExpectedInstances,
  inFlightTimeoutMs,
  listen,
  openFront,
} from './front.ts';
import { type Instances, startServices } from './instances.ts';
import { lookAfter } from './liveness.ts';
import { createLog, type Log } from './log.ts';
import { createMissing } from './regions/create-segments.ts';
import { announceBridge } from './running-bridge.ts';
import { type StartRequest, settingsOf, workerCountOf } from './start-settings.ts';
import { describeBridge } from './welcome.ts';
import { fingerprintOf } from './workers/fingerprint.ts';
import { Workers } from './workers/workers.ts';

/** Instances have this long to stop, in ms. */
const stopGraceMs = 500;
/** And workers, which have to end after their gateway has closed. With the instances' it makes less than two seconds: the promise. */
const workerGraceMs = inFlightTimeoutMs + 250;

/**
 * Serves until `stop` aborts; then the gateway stops accepting, calls in flight are finished up to a bound, and the
 * instances stop. Returns once nothing is left. A stop while it still starts is no error.
 *
 * @throws IsthmusError when it cannot start. Nothing is left then either.
 */
export async function serve(request: StartRequest, stop: AbortSignal): Promise<void> {
  const settings = await settingsOf(request);
  const log = createLog(settings.log.level);
  const cleanUps = new CleanUps();
  try {
    await bringUp(settings, { request, log, stop, cleanUps });
    await aborted(stop);
  } catch (error) {
    // Stopped by the user before it had started: what was being done failed for that reason alone.
    if (!stop.aborted) throw error;
  } finally {
    await cleanUps.run(log.logger);
    log.flush();
  }
}

interface BringUpContext {
  readonly request: StartRequest;
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly cleanUps: CleanUps;
}

async function bringUp(settings: BridgeSettings, { request, log, stop, cleanUps }: BringUpContext): Promise<void> {
  const { logger } = log;
  const { folder, services, http } = settings;
  const report = (line: string) => process.stdout.write(`${line}\n`);

  for (const warning of exposureWarnings(settings)) logger.warn(warning);
  // Before the programs start, some of which may expect to find them.
  for (const region of settings.regions) cleanUps.add(await createMissing(region, logger));
  const instances = await startServices({ folder, services }, { log: logger, report, signal: stop });
  cleanUps.add(() => instances.stop({ graceMs: stopGraceMs }));
  stop.throwIfAborted();
  cleanUps.add(await announceBridge(folder, instances.runtimeFolder));

  const connected = await connectServices(services, ({ name }) => instances.pathOf(name), { log, cleanUps });
  const { supervisor } = instances;
  const workers = workersOf(settings, { request, log, instances, connected });
  const connections = new Map(connected.map((one) => [one.service.name, one]));
  cleanUps.add(await listenAdmin({ supervisor, connections, workers }));
  await Promise.all(connected.map((one) => awaitInstances(one, expectedOf(one.service), { log, stop })));
  for (const { service, client } of connected) {
    const settings = service.origin.kind === 'path' ? undefined : service.origin.process.liveness;
    if (settings === undefined) continue;
    const replace = (socketPath: string) => supervisor.replace(socketPath);
    const watch = lookAfter({ service: service.name, client, settings, replace, log: logger });
    cleanUps.add(() => watch.stop());
  }

  let url: string | undefined;
  if (workers === undefined) {
    url = await listen(await openFront(settings, connected, { log, cleanUps }), http);
  } else {
    cleanUps.add(() => workers.stop(workerGraceMs));
    url = await Promise.race([workers.start(), aborted(stop)]);
  }
  stop.throwIfAborted();
  if (url === undefined) return;
  const counts = connected.map(({ service, client }) => ({ service, instances: client.$instances.length }));
  report(
    describeBridge(url, {
      ...{ services: counts, regions: settings.regions, pages: Object.keys(http.pages) },
      ...{ workers: workers?.count ?? 0, isGuarded: settings.auth !== undefined },
    }),
  );
}

interface WorkersContext extends Pick<BringUpContext, 'request' | 'log'> {
  readonly instances: Instances;
  readonly connected: readonly ConnectedService[];
}

/** Undefined where the bridge serves HTTP itself. */
function workersOf(
  settings: BridgeSettings,
  { request, log, instances, connected }: WorkersContext,
): Workers | undefined {
  const count = workerCountOf(settings);
  const { host, port, cpus } = settings.http;
  // What the bridge itself is pinned to, so would be all that it starts.
  if (count === 1 && cpus === undefined) return undefined;
  const fingerprint = fingerprintOf(settings);
  const job = () => ({
    // What a configuration says of these later is for the next bridge.
    ...{ request: { ...request, host, port }, fingerprint, runtimeFolder: instances.runtimeFolder },
    instances: Object.fromEntries(connected.map(({ service, client }) => [service.name, client.$instances.length])),
  });
  return new Workers({
    ...{ count, host, port, job, log: log.logger },
    ...(cpus !== undefined && { cpus: listCpus(cpus) }),
  });
}

/** How many instances should come up, and in which time, in ms. */
function expectedOf({ origin, client }: ServiceSettings): ExpectedInstances {
  return origin.kind === 'path'
    ? { count: 1, timeoutMs: client.connectTimeoutMs }
    : { count: origin.process.instances, timeoutMs: origin.process.startTimeoutMs };
}
