import { payloadCodec } from '@isthmus/codecs';
import {
  type Adaptation,
  adaptService,
  diffSchemas,
  IsthmusError,
  type RegionLayout,
  type Service,
  type ServiceRegion,
} from '@isthmus/schema';
import { Channel, type ChannelOwner } from './channel.ts';
import { type Form, type Forms, formsOf } from './form.ts';
import { native } from './native.ts';
import type { Settings } from './options.ts';
import type { WireRegion } from './regions/wire.ts';

/** Another version of a schema, which an instance has, and how our calls become calls of it. */
export class Peer {
  readonly hash: Uint8Array;
  /** What is otherwise in it, in words. */
  readonly differences: readonly string[];
  /** All regions that it has, in its order: what tells where each lies. */
  readonly regionLayouts: readonly RegionLayout[];
  /** By our method's number, less 1. Undefined: it lacks the method. */
  readonly #forms: readonly (Forms | undefined)[];
  /** By our region's number, less 1. */
  readonly #regions: readonly (WireRegion | undefined)[];

  constructor(schema: Service, adaptation: Adaptation, differences: readonly string[]) {
    const { hash, methods, regions, regionLayouts } = adaptation;
    this.hash = hash;
    this.regionLayouts = regionLayouts;
    this.#regions = regions;
    this.differences = differences;
    this.#forms = schema.methods.map((method, index) => {
      const theirs = methods[index];
      return theirs === undefined ? undefined : formsOf(method, theirs);
    });
  }

  /** @throws IsthmusError `UNKNOWN_METHOD`. */
  formOf({ method, name }: Form): Form {
    const forms = this.#forms[method.id - 1];
    if (forms !== undefined) return forms[name];
    throw new IsthmusError('UNKNOWN_METHOD', {
      detail: `the instance's version of the schema does not have ${method.name}`,
    });
  }

  /** @throws IsthmusError `UNKNOWN_REGION`. */
  regionOf({ id, name }: ServiceRegion): WireRegion {
    const region = this.#regions[id - 1];
    if (region !== undefined) return region;
    throw new IsthmusError('UNKNOWN_REGION', {
      detail: `the instance's version of the schema does not have ${name}`,
    });
  }

  /** Whether it can be called in this form at all. */
  has({ method, name }: Form): boolean {
    return this.#forms[method.id - 1]?.[name].possible === true;
  }
}

/**
 * Connects to an instance, also to one with another version of the schema if the two fit.
 *
 * @throws IsthmusError as `Channel.open`; the detail of SCHEMA_MISMATCH says what does not fit.
 */
export async function openChannel(
  schema: Service,
  path: string,
  settings: Settings,
  owner: ChannelOwner,
): Promise<Channel> {
  try {
    return await Channel.open(schema, path, settings, owner);
  } catch (cause) {
    if (!(cause instanceof IsthmusError && cause.code === 'SCHEMA_MISMATCH')) throw cause;
    const peer = await peerAt(schema, path, settings, cause);
    return Channel.open(schema, path, settings, owner, peer);
  }
}

/** The last one, since most often all instances that differ are of the same version. */
const lastPeer = new WeakMap<Service, { readonly text: string; readonly peer: Peer }>();

/** Asks the instance for its schema. @throws IsthmusError `mismatch`, with what does not fit where that is known. */
async function peerAt(schema: Service, path: string, settings: Settings, mismatch: IsthmusError): Promise<Peer> {
  let text: string;
  try {
    text = await native().describe(path, settings.connectTimeoutMs);
  } catch {
    throw mismatch;
  }
  const last = lastPeer.get(schema);
  if (last?.text === text) return last.peer;
  const adaptation = adaptService(schema, text, payloadCodec);
  if (adaptation.problems.length > 0) {
    const detail = [`${mismatch.detail}:`, ...adaptation.problems.map((problem) => `  ${problem}`)].join('\n');
    throw new IsthmusError('SCHEMA_MISMATCH', { detail: `${path}: ${detail}` });
  }
  const peer = new Peer(schema, adaptation, diffSchemas(schema.text, text));
  lastPeer.set(schema, { text, peer });
  return peer;
}
