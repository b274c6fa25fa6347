/** The package.json of a new project. */
import { dirname, join } from 'node:path';
import { inCheckout, packageFolder, version } from '../package-info.ts';

const isthmusPackages = ['cli', 'core', 'gateway', 'schema'];

/** The versions that Isthmus itself is developed and tested with; a test holds them against the repository's. */
export const toolVersions: Readonly<Record<string, string>> = {
  '@types/node': '24.19.2',
  node: '24.21.0',
  typescript: '6.0.3',
};

/**
 * Depends on this checkout when the command runs from one, so that what is being developed can be tried; else on the
 * published packages. Node comes from npm as well: scripts then run on a version that reads TypeScript, whatever Node the
 * machine has.
 */
export function projectPackage(name: string): string {
  const packages = dirname(packageFolder);
  const content = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    // exec: npm passes its signals to the shell alone, which would end without the bridge.
    scripts: { start: 'exec isthmus start', test: 'node --test', check: 'tsc', gen: 'isthmus gen' },
    dependencies: Object.fromEntries(
      isthmusPackages.map((part) => [`@isthmus/${part}`, inCheckout ? `file:${join(packages, part)}` : `^${version}`]),
    ),
    devDependencies: toolVersions,
    // The package `node` fetches its program in an install script, which newer npm versions run only when allowed.
    allowScripts: { node: true },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
