/** Which regions there are, and access to them: those of services through an instance, attached ones as the configuration says. */
import { attach, type UntypedRegion } from '@isthmus/core';
import { defaultConfigFile, loadConfig, type RegionSettings, regionOf } from '@isthmus/gateway';
import { IsthmusError, type Struct } from '@isthmus/schema';
import { connectService, requireInstance } from '../clients.ts';
import { findServices } from '../find-services.ts';
import { createLog } from '../log.ts';
import { type FoundService, foundIn, foundInFile, type WhereaboutsOptions, whereItListens } from '../whereabouts.ts';

/** A region, before anything of its memory is looked at. */
export interface RegionPlace {
  /** `feed.market`, or the configuration's own name of an attached one. */
  readonly name: string;
  readonly struct: Struct;
  /** The name of the key field; undefined: one row. */
  readonly key: string | undefined;
  /** The most rows that there can be. */
  readonly maxRows: number;
  /** Whether another program has its memory, which does not say when it was written. */
  readonly isAttached: boolean;
}

/** Regions that are reached together: those of a service, or one that is attached. */
export interface RegionGroup {
  readonly places: readonly RegionPlace[];
  /** @throws IsthmusError NO_INSTANCE and what connecting throws; what attaching throws. */
  open(signal: AbortSignal): Promise<OpenRegions>;
}

export interface OpenRegions extends AsyncDisposable {
  of(place: RegionPlace): UntypedRegion;
}

/** Every region of the configuration, or of the services of a schema file. */
export async function findRegions(options: WhereaboutsOptions): Promise<readonly RegionGroup[]> {
  const { schema: file, config = defaultConfigFile, path } = options;
  if (file !== undefined) {
    return (await findServices(file)).map((schema) => ofService(foundInFile(file, schema), path));
  }
  const { folder, services, regions } = await loadConfig(config);
  return [...services.map((service) => ofService(foundIn(folder, service), path)), ...regions.map(ofAttached)];
}

/** @throws IsthmusError UNKNOWN_REGION, and what {@link findRegions} and opening throw. */
export async function openRegion(
  name: string,
  options: WhereaboutsOptions & { readonly signal: AbortSignal },
): Promise<AsyncDisposable & { readonly region: UntypedRegion }> {
  const groups = await findRegions(options);
  for (const group of groups) {
    const place = group.places.find((candidate) => candidate.name === name);
    if (place === undefined) continue;
    const open = await group.open(options.signal);
    return { region: open.of(place), [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
  }
  const known = groups.flatMap(({ places }) => places.map((place) => place.name)).join(', ') || 'none';
  throw new IsthmusError('UNKNOWN_REGION', { detail: `${name}; there are: ${known}` });
}

function ofService(found: FoundService, path: string | undefined): RegionGroup {
  const { schema, settings, folder } = found;
  const names = new Map<RegionPlace, string>();
  for (const { name, struct, key, rows } of schema.regionList) {
    names.set({ name: `${schema.name}.${name}`, struct, key: key?.name, maxRows: rows, isAttached: false }, name);
  }
  return {
    places: [...names.keys()],
    async open(signal) {
      const listening = await whereItListens(found, path);
      if (listening === undefined) {
        const detail = `no bridge runs in ${folder}: start one there with isthmus start, or name a socket with --path`;
        throw new IsthmusError('NO_INSTANCE', { detail });
      }
      const log = createLog('error');
      const connection = await connectService({ schema, path: listening, settings, log: log.logger });
      const close = async () => {
        await connection.client.$close();
        log.flush();
      };
      try {
        await requireInstance(connection, { path: listening, waitMs: settings.connectTimeoutMs, signal });
      } catch (error) {
        await close();
        throw error;
      }
      const { client } = connection;
      return {
        of: (place) => regionOf({ schema, client }, names.get(place) ?? place.name),
        [Symbol.asyncDispose]: close,
      };
    },
  };
}

function ofAttached({ name, struct, options }: RegionSettings): RegionGroup {
  return {
    places: [{ name, struct, key: undefined, maxRows: 1, isAttached: true }],
    async open() {
      const attached = await attach(struct, { ...options, lazy: false });
      return { of: () => attached.untyped, [Symbol.asyncDispose]: () => attached.detach() };
    },
  };
}
