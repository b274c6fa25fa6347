/** The HTTP front of a bridge: from settings to a gateway over connected services. The bridge opens one, or each of its workers. */
import { attach } from '@isthmus/core';
import {
  type BridgeSettings,
  createGateway,
  type Gateway,
  type GatewayRegion,
  type ListenOptions,
  type RateCounter,
  type RegionSettings,
  type ServiceSettings,
} from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import type { CleanUps } from './clean-ups.ts';
import { type Connection, connectService, reasonOf, waitForInstances } from './clients.ts';
import type { Log } from './log.ts';

/** Closing the gateway takes at most this long, in ms: stopping as a whole takes two seconds. */
export const inFlightTimeoutMs = 1000;

export interface ConnectedService extends Connection {
  readonly service: ServiceSettings;
}

export interface FrontContext {
  readonly log: Log;
  readonly cleanUps: CleanUps;
}

/** Connects to every service, whether it has instances yet or not. `pathOf` says where those are. */
export async function connectServices(
  services: readonly ServiceSettings[],
  pathOf: (service: ServiceSettings) => string,
  { log, cleanUps }: FrontContext,
): Promise<readonly ConnectedService[]> {
  const connected: ConnectedService[] = [];
  for (const service of services) {
    const { schema, client: settings } = service;
    const connection = await connectService({ schema, path: pathOf(service), settings, log: log.logger });
    cleanUps.add(() => connection.client.$close());
    connected.push({ service, ...connection });
  }
  return connected;
}

export interface ExpectedInstances {
  readonly count: number;
  readonly timeoutMs: number;
}

/** A service that does not come up does not keep the others from being served: /readyz and the log tell. */
export async function awaitInstances(
  connected: ConnectedService,
  expected: ExpectedInstances,
  { log, stop }: { readonly log: Log; readonly stop: AbortSignal },
): Promise<void> {
  const { service, client } = connected;
  if (await waitForInstances(connected, { ...expected, signal: stop })) return;
  const fields = { service: service.name, wanted: expected.count, connected: client.$instances.length };
  log.logger.warn(fields, 'not all instances came up; serving without them');
}

/** Attaches the regions and makes the gateway, which does not listen yet. */
export async function openFront(
  { http, auth, regions: regionSettings }: BridgeSettings,
  connected: readonly ConnectedService[],
  { log, cleanUps, rateCounter }: FrontContext & { readonly rateCounter?: RateCounter },
): Promise<Gateway> {
  const regions: Record<string, GatewayRegion> = {};
  for (const region of regionSettings) {
    const attached = await attachTo(region, log);
    cleanUps.add(() => attached.detach());
    regions[region.name] = { region: attached.untyped, description: region.description };
  }
  const gateway = await createGateway({
    ...http,
    logger: log.logger,
    services: Object.fromEntries(
      connected.map(({ service, client }) => [
        service.name,
        { schema: service.schema, client, examples: service.example },
      ]),
    ),
    ...{ regions, auth, rateCounter },
  });
  cleanUps.add(() => gateway.close({ timeoutMs: inFlightTimeoutMs }));
  return gateway;
}

/**
 * Has the gateway accept connections.
 *
 * @throws IsthmusError SYSTEM, which says what to do.
 */
export async function listen(
  gateway: Gateway,
  { host, port }: BridgeSettings['http'],
  options: ListenOptions = {},
): Promise<string> {
  return gateway.listen(options).catch((cause: unknown) => {
    throw listenError(cause, host, options.port ?? port);
  });
}

/** The error for an address that cannot be listened on. */
export function listenError(cause: unknown, host: string, port: number): IsthmusError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const detail =
    code === 'EADDRINUSE'
      ? `${host}:${port} is in use by another program; choose another --port`
      : `listening on ${host}:${port} failed (${String(code ?? cause)})`;
  return new IsthmusError('SYSTEM', { detail, cause });
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
