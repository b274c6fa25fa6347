/**
 * How `isthmus call` finds the bridge that `isthmus start` runs for the same project: a note in the project's own
 * `.isthmus` folder says where its sockets are. Nothing outside the project is touched, and a note that a killed bridge
 * left behind does no harm, since it only counts while somebody listens on one of the sockets.
 */
import { readFileSync, rmSync } from 'node:fs';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { writeIfChanged } from './programs/write-if-changed.ts';

interface Note {
  /** The folder that has a folder with sockets for each service. */
  readonly runtimeFolder: string;
}

function noteOf(projectFolder: string): string {
  return join(projectFolder, '.isthmus/bridge.json');
}

/**
 * Writes the note, and returns a function that removes it again if it is still ours. A project that cannot be written to
 * gets none: `isthmus call` then starts instances of its own.
 */
export async function announceBridge(projectFolder: string, runtimeFolder: string): Promise<() => void> {
  const path = noteOf(projectFolder);
  const note: Note = { runtimeFolder };
  const text = `${JSON.stringify(note)}\n`;
  try {
    await writeIfChanged(path, text);
  } catch {
    return () => {};
  }
  const withdraw = () => {
    process.off('exit', withdraw);
    try {
      // A second bridge of the same project may have written its own since.
      if (readFileSync(path, 'utf8') === text) rmSync(path);
    } catch {
      // It has gone already.
    }
  };
  process.once('exit', withdraw);
  return withdraw;
}

/** The private folder of the bridge that a note says to run for this project; undefined where there is no note. */
export async function findRuntimeFolder(projectFolder: string): Promise<string | undefined> {
  const path = noteOf(projectFolder);
  try {
    const note: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof note !== 'object' || note === null || !('runtimeFolder' in note)) return undefined;
    const folder = String(note.runtimeFolder);
    return (await isOfBridge(folder, (await stat(path)).uid)) ? folder : undefined;
  } catch {
    // No note, no JSON, or the folder has gone.
    return undefined;
  }
}

/**
 * Whether it is the bridge's own. A folder in /tmp that a killed bridge left is cleared away some day, and then everybody may make one of
 * that name, with sockets to which commands would talk as if they were the bridge's.
 *
 * @param author Who wrote the note.
 */
async function isOfBridge(folder: string, author: number): Promise<boolean> {
  const status = await lstat(folder);
  const owners = [0, author, process.getuid?.()];
  return status.isDirectory() && owners.includes(status.uid) && (status.mode & 0o022) === 0;
}

/** The folder with the sockets of a service of the bridge that runs for this project; undefined when none does. */
export async function findRunningService(projectFolder: string, service: string): Promise<string | undefined> {
  try {
    const runtimeFolder = await findRuntimeFolder(projectFolder);
    if (runtimeFolder === undefined) return undefined;
    const folder = join(runtimeFolder, service);
    const sockets = (await readdir(folder)).filter((name) => name.endsWith('.sock'));
    const alive = await Promise.all(sockets.map((name) => isListening(join(folder, name))));
    return alive.includes(true) ? folder : undefined;
  } catch {
    // No folder: no bridge.
    return undefined;
  }
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
