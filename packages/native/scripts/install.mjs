// Runs when the package is installed: uses the prebuilt binary for this platform if there is one that loads, and compiles
// the addon otherwise.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function prebuiltLoads() {
  if (!existsSync(join(root, 'prebuilds'))) return false;
  try {
    createRequire(import.meta.url)('node-gyp-build')(root);
    return true;
  } catch {
    return false;
  }
}

if (!prebuiltLoads()) await import('./build.mjs');
