// Makes the prebuilt binary of this platform, which `npm run pack` puts into the package: prebuilds/linux-x64/... A binary
// loads on this C library's version and newer ones, so build it on the oldest that is to be served.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' });
if (status !== 0) process.exit(1);

// node-gyp-build chooses by the words between the dots.
const libc = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
const folder = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
mkdirSync(folder, { recursive: true });
copyFileSync(join(root, 'build', 'Release', 'isthmus.node'), join(folder, `isthmus.napi.${libc}.node`));
