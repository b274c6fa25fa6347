/** The private folder that holds the sockets of the instances that a supervisor starts. */
import { rmSync } from 'node:fs';
import { access, constants, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsthmusError } from '@isthmus/schema';

/** The longest path of a Unix socket on Linux, in bytes: sun_path has room for 108 with the terminating NUL. */
export const maxSocketPathBytes = 107;

export interface RuntimeFolder {
  /** Absolute. */
  readonly path: string;
  /** Where the socket of instance `number` (from 1) of a service is. */
  socketPath(service: string, number: number): string;
  /** Where the sockets of a service are: what a client connects to. */
  serviceFolder(service: string): string;
  /** Removes the folder and all in it. Synchronous, so that an exit handler can do it; harmless when it has gone. */
  remove(): void;
}

export interface RuntimeFolderOptions {
  /** Services, and how many instances each has. */
  readonly services: readonly { readonly name: string; readonly instances: number }[];
  /** Where to make it. Default: XDG_RUNTIME_DIR if it is set and writable, else the system's temporary folder. */
  readonly parent?: string;
}

/**
 * Makes a folder that only this user can enter (mode 0700), with a folder for each service in it.
 *
 * @throws IsthmusError INVALID_ARGUMENT when a socket's path would be longer than the system allows, SYSTEM when the folder
 * cannot be made.
 */
export async function makeRuntimeFolder(options: RuntimeFolderOptions): Promise<RuntimeFolder> {
  const parent = options.parent ?? (await defaultParent());
  // mkdtemp puts six characters in place of these.
  checkPathLengths(join(parent, 'isthmus-XXXXXX'), options.services);
  try {
    const path = await mkdtemp(join(parent, 'isthmus-'));
    const folder = runtimeFolderAt(path);
    await Promise.all(options.services.map(({ name }) => mkdir(folder.serviceFolder(name), { mode: 0o700 })));
    return folder;
  } catch (cause) {
    throw new IsthmusError('SYSTEM', { detail: `a folder for the sockets cannot be made in ${parent}`, cause });
  }
}

function runtimeFolderAt(path: string): RuntimeFolder {
  return {
    path,
    socketPath: (service, number) => socketPath(path, service, number),
    serviceFolder: (service) => join(path, service),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function socketPath(folder: string, service: string, number: number): string {
  return join(folder, service, `${number}.sock`);
}

async function defaultParent(): Promise<string> {
  const runtime = process.env.XDG_RUNTIME_DIR;
  if (runtime === undefined || !runtime.startsWith('/')) return tmpdir();
  const usable = await access(runtime, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return usable ? runtime : tmpdir();
}

function checkPathLengths(folder: string, services: RuntimeFolderOptions['services']): void {
  for (const { name, instances } of services) {
    const path = socketPath(folder, name, instances);
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
