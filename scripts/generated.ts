/** What every generator of this repository does with its output: write it, or with --check only compare. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';

export interface GeneratedFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

/** The repository's folder, absolute. */
export const repository: string = join(import.meta.dirname, '..');

/** True when the command line asks only to compare. */
export const checkOnly: boolean = argv.includes('--check');

/**
 * Writes the files that differ from `files` and names each one written. With --check it writes nothing, names each stale
 * file and makes the process exit with 1. Returns how many were stale.
 */
export function syncFiles(files: readonly GeneratedFile[]): number {
  const stale = files.filter(({ path, text }) => contentOf(path) !== text);
  for (const { path, text } of stale) {
    if (checkOnly) {
      console.error(`stale: ${path} (run npm run gen)`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(join(repository, path)), { recursive: true });
      writeFileSync(join(repository, path), text);
      console.log(`wrote ${path}`);
    }
  }
  return stale.length;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(join(repository, path), 'utf8');
  } catch {
    return undefined;
  }
}
