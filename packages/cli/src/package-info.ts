/** What this package knows of itself: its version, and where it lies. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder with this package's package.json. */
export const packageFolder: string = dirname(import.meta.dirname);

/** True when this runs from a checkout of the repository: published packages lie below a node_modules folder. */
export const inCheckout: boolean = !packageFolder.split('/').includes('node_modules');

/** The version, as in package.json; all Isthmus packages have the same. */
export const version: string = readVersion();

function readVersion(): string {
  const content: unknown = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  if (typeof content === 'object' && content !== null && 'version' in content) return String(content.version);
  throw new Error(`${packageFolder}/package.json has no version`);
}
