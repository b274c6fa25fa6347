/** What is in shared memory by a name of its own, and so not in a run's folder. */
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const sharedMemory = '/dev/shm';

/** Names there that begin with the folder's name and a dash: of what a killed program has left. */
export function leftInSharedMemory(folder: string): string[] {
  try {
    return readdirSync(sharedMemory).filter((name) => name.startsWith(`${basename(folder)}-`));
  } catch {
    // There is no such place here, so nothing is in it.
    return [];
  }
}

export function removeFromSharedMemory(folder: string): void {
  for (const name of leftInSharedMemory(folder)) rmSync(join(sharedMemory, name), { force: true });
}
