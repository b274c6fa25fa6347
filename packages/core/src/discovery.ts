import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** How often a path is looked at while it cannot be watched (it does not exist yet), in ms. */
const pollMs = 100;
/** How often it is looked at beside watching, in ms: file systems may lose events. */
const rescanMs = 5000;

/** A socket that was found. `identity` changes when another file takes its place. */
export interface FoundSocket {
  readonly path: string;
  readonly identity: string;
}

/** Another folder that takes its place under the same path has another identity. */
interface Folder {
  readonly path: string;
  readonly identity: string;
}

/**
 * Watches a socket, or a folder of `*.sock` files, and reports what is there whenever it may have changed. Never keeps the
 * process alive.
 */
export class Discovery {
  readonly #path: string;
  readonly #report: (sockets: readonly FoundSocket[]) => void;
  #watcher: FSWatcher | undefined;
  #watched: Folder | undefined;
  #timer: NodeJS.Timeout | undefined;
  #scanning: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #obstacle: string | undefined;

  constructor(path: string, report: (sockets: readonly FoundSocket[]) => void) {
    this.#path = path;
    this.#report = report;
  }

  /** Why what is there cannot be looked at: a folder that lets in others only, say. Undefined where it can be, or nothing is there. */
  get obstacle(): string | undefined {
    return this.#obstacle;
  }

  /** Looks now; resolves when it has been reported. */
  scan(): Promise<void> {
    this.#again = true;
    this.#scanning ??= this.#scanAll();
    return this.#scanning;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watcher?.close();
    clearTimeout(this.#timer);
    await this.#scanning;
  }

  async #scanAll(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      let obstacle: string | undefined;
      const note = (error: unknown): undefined => {
        obstacle = obstacleOf(error) ?? obstacle;
      };
      const folder = await this.#folder(note);
      // Watching begins before listing, so that nothing falls between the two.
      this.#watch(folder ?? { path: dirname(this.#path), identity: '' });
      const sockets = await this.#list(folder?.path, note);
      this.#obstacle = obstacle;
      if (this.#closed) return;
      this.#report(sockets);
    }
    // In the same turn as the last look at `again`: whoever asks from now on is not told of what was looked at before.
    this.#scanning = undefined;
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.scan(), this.#watcher === undefined ? pollMs : rescanMs).unref();
  }

  /** The path itself if it is a folder. */
  async #folder(note: (error: unknown) => undefined): Promise<Folder | undefined> {
    const status = await stat(this.#path).catch(note);
    return status?.isDirectory() ? { path: this.#path, identity: `${status.dev}:${status.ino}` } : undefined;
  }

  async #list(folder: string | undefined, note: (error: unknown) => undefined): Promise<FoundSocket[]> {
    const names = folder === undefined ? [basename(this.#path)] : ((await readdir(folder).catch(note)) ?? []);
    const sockets: FoundSocket[] = [];
    for (const name of names) {
      if (folder !== undefined && !name.endsWith('.sock')) continue;
      const path = join(folder ?? dirname(this.#path), name);
      const status = await stat(path, { bigint: true }).catch(() => undefined);
      if (status?.isSocket()) sockets.push({ path, identity: `${status.dev}:${status.ino}:${status.ctimeNs}` });
    }
    return sockets;
  }

  #watch(folder: Folder): void {
    const same = this.#watched?.path === folder.path && this.#watched.identity === folder.identity;
    if (this.#closed || (this.#watcher !== undefined && same)) return;
    this.#watcher?.close();
    this.#watcher = undefined;
    try {
      const watcher = watch(folder.path, { persistent: false }, () => void this.scan());
      watcher.on('error', () => {
        watcher.close();
        if (this.#watcher === watcher) this.#watcher = undefined;
        void this.scan();
      });
      this.#watcher = watcher;
      this.#watched = folder;
    } catch {
      // It does not exist yet: the timer looks again.
    }
  }
}

/** What is not there is no obstacle: it may come. */
function obstacleOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR') ? undefined : error.message;
}
