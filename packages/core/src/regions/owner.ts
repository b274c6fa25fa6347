import type { NativeOwner } from '@isthmus/native';
import { IsthmusError, regionLayoutOf, type Service } from '@isthmus/schema';
import { errorOf } from '../errors.ts';
import { native } from '../native.ts';
import { RegionAccess } from './access.ts';
import { RegionMemory } from './memory.ts';
import { type RemoteRegions, regionsOf } from './remote.ts';
import { Listeners, type RegionSource } from './source.ts';
import { nativeTypeOf, ownWireRegion } from './wire.ts';

export interface OwnOptions {
  /** The Unix socket that clients connect to. One that nobody listens on any more is replaced. */
  readonly path: string;
  /** Of the socket: who may read the regions, and write those with several writers. Default: 0o600, only the same user. */
  readonly mode?: number | undefined;
}

/** What an owner has beside its regions. */
export interface OwnerControl extends AsyncDisposable {
  readonly $service: Service;
  /** Clients see that the owner has gone; what was last written stays readable for them. Any number of times. */
  $close(): Promise<void>;
}

/** The regions of a service, writable. Belongs to the thread that made it. */
export type Owner<S extends Service> = RemoteRegions<S> & OwnerControl;

/** Those that are running: their sockets are removed when the process exits. */
const running = new Set<NativeOwner>();

function endAll(): void {
  for (const service of running) service.end();
}

function begin(service: NativeOwner): void {
  if (running.size === 0) process.on('exit', endAll);
  running.add(service);
}

function end(service: NativeOwner): void {
  running.delete(service);
  if (running.size === 0) process.off('exit', endAll);
}

/** What all regions of an owner share. */
class Ownership {
  readonly listeners = new Listeners();
  readonly accesses: readonly RegionAccess[];
  isLive = true;
  isClosed = false;

  constructor(accesses: readonly RegionAccess[]) {
    this.accesses = accesses;
  }

  end(): void {
    this.isLive = false;
    this.listeners.notify();
  }

  close(): void {
    this.isClosed = true;
    this.end();
    for (const { memory } of this.accesses) memory.close();
  }

  sourceOf(access: RegionAccess): RegionSource {
    const owned = this;
    return {
      access() {
        if (owned.isClosed) throw new IsthmusError('CLOSED');
        return access;
      },
      get isLive() {
        return owned.isLive;
      },
      isAwaited: false,
      isWritable: true,
      listen: (listener) => owned.listeners.add(listener),
    };
  }
}

/**
 * Makes this process an instance of a service whose regions it owns: others connect to it as to a C program. Methods that the schema
 * has are answered with UNKNOWN_METHOD. It keeps the process alive until it is closed, as a server does.
 *
 * @throws IsthmusError `INVALID_ARGUMENT` for an option, or a service without regions; `SOCKET_IN_USE`, `PERMISSION_DENIED`,
 *   `OUT_OF_MEMORY`, `SYSTEM`; `NATIVE_MISSING`.
 */
export async function ownRegions<S extends Service>(schema: S, options: OwnOptions): Promise<Owner<S>> {
  const { path, mode = 0o600 } = options;
  if (typeof path !== 'string' || path === '') throw invalid('path must be a socket');
  if (!(Number.isInteger(mode) && mode > 0 && mode <= 0o777)) {
    throw invalid(`mode must be a whole number from 1 to 0o777, not ${String(mode)}`);
  }
  if (schema.regionList.length === 0) throw invalid(`${schema.name} has no regions`);
  const { name, hash, text } = schema;
  const regions = schema.regionList.map((region) => nativeTypeOf(regionLayoutOf(region)));
  const ended = Promise.withResolvers<void>();
  // Whoever closes it is told.
  ended.promise.catch(() => {});
  let owned: Ownership | undefined;
  let service: NativeOwner | undefined;
  try {
    const opened = await native().ownRegions(path, { name, hash, text, regions }, mode, (error) => {
      owned?.end();
      if (service !== undefined) end(service);
      if (error === undefined) ended.resolve();
      else ended.reject(errorOf(error));
    });
    service = opened;
    begin(opened);
    const own = new Ownership(accessesOf(schema, opened));
    owned = own;
    return ownerOf(schema, own, () => {
      own.close();
      opened.stop();
      return ended.promise;
    });
  } catch (cause) {
    service?.stop();
    throw errorOf(cause);
  }
}

function accessesOf(schema: Service, service: NativeOwner): RegionAccess[] {
  return schema.regionList.map((region) => {
    const memory = new RegionMemory(service.region(region.id), region.name);
    return new RegionAccess(region, ownWireRegion(region), memory);
  });
}

function ownerOf<S extends Service>(schema: S, owned: Ownership, close: () => Promise<void>): Owner<S> {
  let closed: Promise<void> | undefined;
  const $close = (): Promise<void> => {
    closed ??= close();
    return closed;
  };
  const sources = owned.accesses.map((access) => owned.sourceOf(access));
  const control: OwnerControl = { $service: schema, $close, [Symbol.asyncDispose]: $close };
  return Object.assign(control, regionsOf(schema, sources));
}

function invalid(detail: string): IsthmusError {
  return new IsthmusError('INVALID_ARGUMENT', { detail });
}
