import type { KeyOf, RowInputOf, RowOf, Service, ServiceRegion } from '@isthmus/schema';
import { OneRow } from './region.ts';
import type { RegionSource } from './source.ts';
import { ManyRows } from './table.ts';
import type { Region, Table } from './types.ts';

/** A region as its users have it: a table if it has a key. */
export type RemoteRegionOf<R extends ServiceRegion> =
  undefined extends KeyOf<R> ? Region<RowOf<R>, RowInputOf<R>> : Table<RowOf<R>, RowInputOf<R>, KeyOf<R>>;

/** The regions of a service by name. */
export type RemoteRegions<S extends Service> = {
  readonly [K in keyof S['regions']]: RemoteRegionOf<S['regions'][K]>;
};

/** `sources`: in the order of the schema. */
export function regionsOf<S extends Service>(schema: S, sources: readonly RegionSource[]): RemoteRegions<S> {
  const regions = sources.map((source, index) => {
    const region = schema.regionList[index];
    if (region === undefined) throw new RangeError(`${schema.name} has no region ${index + 1}`);
    return [region.name, region.key === undefined ? new OneRow(region, source) : new ManyRows(region, source)];
  });
  // `as`: they were made from exactly this schema, whose types say what their codecs take and give.
  return Object.fromEntries(regions) as unknown as RemoteRegions<S>;
}
