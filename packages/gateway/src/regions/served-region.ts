/** The regions that a gateway serves, whatever their memory: those of its services, and those it was given. */
import type { UntypedRegion } from '@isthmus/core';
import { IsthmusError, type ServiceRegion } from '@isthmus/schema';
import { type GatewayService, type GatewayServices, regionOf } from '../bridge-client.ts';
import { RowForms } from './row-forms.ts';

/** A region beside those of the services: memory that Isthmus attaches to. */
export interface GatewayRegion {
  /** What `attach(...)` gives as `untyped`. The gateway uses it and never detaches it. */
  readonly region: UntypedRegion;
  /** For the list of regions and the OpenAPI document. Default: what the struct's declaration says. */
  readonly description?: string | undefined;
}

/** Attached regions by name: letters, digits, `_` and `-`, beginning with a letter. */
export type GatewayRegions = Readonly<Record<string, GatewayRegion>>;

export interface ServedRegion {
  /** `feed.market`, or the name that an attached region was given. */
  readonly name: string;
  readonly region: UntypedRegion;
  readonly forms: RowForms;
  /** The service whose region it is; undefined: memory that is attached. */
  readonly service: string | undefined;
  /** The most rows; undefined: one row, without a key. */
  readonly rows: number | undefined;
  readonly isWritable: boolean;
  readonly description: string | undefined;
}

export const regionNamePattern = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

/** @throws IsthmusError `INVALID_ARGUMENT` when services and clients do not fit together, or a name is none. */
export function servedRegions(services: GatewayServices, attached: GatewayRegions): readonly ServedRegion[] {
  const own = Object.values(services).flatMap((service) =>
    service.schema.regionList.map((type) => ofService(service, type)),
  );
  return [...own, ...Object.entries(attached).map(([name, region]) => ofMemory(name, region))];
}

function ofService(service: GatewayService, type: ServiceRegion): ServedRegion {
  const { name } = service.schema;
  const region = regionOf(service, type.name);
  return {
    name: `${name}.${type.name}`,
    region,
    forms: new RowForms(type.struct, type.key?.name),
    service: name,
    rows: type.key === undefined ? undefined : type.rows,
    // By the schema: the client's own word may change when an instance connects.
    isWritable: type.writers === 'many',
    description: type.description ?? type.struct.description,
  };
}

function ofMemory(name: string, { region, description }: GatewayRegion): ServedRegion {
  if (!regionNamePattern.test(name)) {
    const detail = `the region name ${JSON.stringify(name)} must be letters, digits, _ and -, and begin with a letter`;
    throw new IsthmusError('INVALID_ARGUMENT', { detail });
  }
  return {
    name,
    region,
    forms: new RowForms(region.struct, region.key),
    service: undefined,
    rows: undefined,
    isWritable: region.isWritable,
    description: description ?? region.struct.description,
  };
}
