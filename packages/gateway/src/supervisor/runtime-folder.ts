/** The private folder that holds the sockets of the instances that a supervisor starts. */
import { rmSync } from 'node:fs';
import { access, chmod, chown, constants, mkdir, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsthmusError } from '@isthmus/schema';
import type { Identity } from './identity.ts';

/** The longest path of a Unix socket on Linux, in bytes: sun_path has room for 108 with the terminating NUL. */
export const maxSocketPathBytes = 107;

/** The socket of the bridge itself; no service can have this name. */
export const adminSocketName = 'admin.sock';

export interface RuntimeFolder {
  /** Absolute. */
  readonly path: string;
  /** Where the bridge itself may listen. */
  readonly adminSocket: string;
  /** Where the socket of instance `number` (from 1) of a service is. */
  socketPath(service: string, number: number): string;
  /** Where the sockets of a service are: what a client connects to. */
  serviceFolder(service: string): string;
  /**
   * Makes a service's folder, or lets in whom it is for now.
   *
   * @throws IsthmusError SYSTEM
   */
  prepare(folder: FolderOptions): Promise<void>;
  /** Removes the folder and all in it. Synchronous, so that an exit handler can do it; harmless when it has gone. */
  remove(): void;
}

/** One service's folder. */
export interface FolderOptions {
  readonly service: string;
  /** Whose processes make sockets in it; undefined: ours. */
  readonly identity?: Identity | undefined;
  /** Permission bits of the sockets: whom they let in, the folder lets in. Default 0o600. */
  readonly socketMode?: number | undefined;
}

export interface RuntimeFolderOptions {
  /** Services, and how many instances each has. */
  readonly services: readonly { readonly name: string; readonly instances: number }[];
  /** Where to make it. Default: XDG_RUNTIME_DIR if it is set and writable, else the system's temporary folder. */
  readonly parent?: string;
  /** Others than this user have to pass through it. Default: none. */
  readonly shared?: boolean;
}

/** During a rollout there are old and new ones: numbers go up to this many times the instances. */
const numbersPerInstance = 2;

/**
 * Makes a folder that only this user can enter (mode 0700). Others can pass through it (0711), to the folders that are for them, once a service
 * has those.
 *
 * @throws IsthmusError INVALID_ARGUMENT when a socket's path would be longer than the system allows, SYSTEM when the folder
 * cannot be made.
 */
export async function makeRuntimeFolder(options: RuntimeFolderOptions): Promise<RuntimeFolder> {
  const parent = options.parent ?? (await defaultParent(options.shared ?? false));
  // mkdtemp puts six characters in place of these.
  checkPathLengths(join(parent, 'isthmus-XXXXXX'), options.services);
  try {
    return runtimeFolderAt(await mkdtemp(join(parent, 'isthmus-')));
  } catch (cause) {
    throw new IsthmusError('SYSTEM', { detail: `a folder for the sockets cannot be made in ${parent}`, cause });
  }
}

function runtimeFolderAt(path: string): RuntimeFolder {
  return {
    path,
    adminSocket: join(path, adminSocketName),
    socketPath: (service, number) => socketPath(path, service, number),
    serviceFolder: (service) => join(path, service),
    prepare: (folder) => prepareFolder(path, folder),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

async function prepareFolder(path: string, { service, identity, socketMode = 0o600 }: FolderOptions): Promise<void> {
  const folder = join(path, service);
  // To connect takes writing the socket, and finding it reading the folder.
  const mode = 0o700 | (socketMode & 0o060 ? 0o050 : 0) | (socketMode & 0o006 ? 0o005 : 0);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (identity !== undefined) await chown(folder, identity.uid, identity.gid);
    await chmod(folder, mode);
    if (identity !== undefined || mode !== 0o700) await chmod(path, 0o711);
  } catch (cause) {
    throw new IsthmusError('SYSTEM', { detail: `the folder ${folder} cannot be made`, cause });
  }
}

function socketPath(folder: string, service: string, number: number): string {
  return join(folder, service, `${number}.sock`);
}

async function defaultParent(shared: boolean): Promise<string> {
  const runtime = process.env.XDG_RUNTIME_DIR;
  if (runtime === undefined || !runtime.startsWith('/')) return tmpdir();
  // It is its user's alone by its nature.
  if (shared && ((await stat(runtime).catch(() => undefined))?.mode ?? 0) % 2 === 0) return tmpdir();
  const usable = await access(runtime, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return usable ? runtime : tmpdir();
}

function checkPathLengths(folder: string, services: RuntimeFolderOptions['services']): void {
  const paths = services.map(({ name, instances }) => socketPath(folder, name, instances * numbersPerInstance));
  for (const path of [join(folder, adminSocketName), ...paths]) {
    const bytes = Buffer.byteLength(path);
    if (bytes > maxSocketPathBytes) {
      throw new IsthmusError('INVALID_ARGUMENT', {
        detail:
          `the socket path ${path} has ${bytes} bytes, and the system allows ${maxSocketPathBytes}: ` +
          'set XDG_RUNTIME_DIR to a folder with a shorter path, or shorten the name of the service',
      });
    }
  }
}
