import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** True when the file at `path` has exactly this text. */
export async function hasText(path: string, text: string): Promise<boolean> {
  const found = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  return found === text;
}

/**
 * Writes a file unless it already has this text, so that `make` does not rebuild for nothing; folders are made as needed.
 * The file is complete at every moment: a reader never sees half of it. Returns whether it was written.
 */
export async function writeIfChanged(path: string, text: string): Promise<boolean> {
  if (await hasText(path, text)) return false;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
  return true;
}
