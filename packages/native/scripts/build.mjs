// Compiles the addon with the C compiler, if a source is newer than the last build. Plain JavaScript for any Node: it runs
// while packages are being installed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// ISTHMUS_ADDON_ROOT is where a build of another kind goes, with CFLAGS of its own. Node loads it from there with the same path in the
// variable `@ISTHMUS/NATIVE_PREBUILD`, which is node-gyp-build's.
const output = join(process.env.ISTHMUS_ADDON_ROOT ?? root, 'build', 'Release', 'isthmus.node');
// In a checkout the C library is beside the packages; a published package has a copy of it.
const library = [join(root, 'c'), join(root, '..', '..', 'c')].find((folder) =>
  existsSync(join(folder, 'src', 'ring.c')),
);

/** The folder with node_api.h and uv.h of this Node, or of the project's own. */
function headers() {
  const candidates = [
    join(dirname(process.execPath), '..', 'include', 'node'),
    ...(process.env.npm_config_nodedir ? [join(process.env.npm_config_nodedir, 'include', 'node')] : []),
    join(root, '..', '..', 'node_modules', 'node', 'node_modules', `node-linux-${process.arch}`, 'include', 'node'),
    join(root, '..', '..', 'node_modules', `node-linux-${process.arch}`, 'include', 'node'),
    '/usr/include/node',
    '/usr/include/nodejs/src',
  ];
  return candidates.find((folder) => existsSync(join(folder, 'node_api.h')) && existsSync(join(folder, 'uv.h')));
}

function files(folder, pattern) {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));
}

function fail(message) {
  console.error(`isthmus: the native addon could not be built: ${message}`);
  process.exit(1);
}

if (process.platform !== 'linux') fail(`Isthmus runs on Linux so far, this is ${process.platform}.`);
if (library === undefined) fail('the C sources are missing: install the package again.');

const sources = [...files(join(root, 'src'), /\.c$/), ...files(join(library, 'src'), /\.c$/)];
const inputs = [
  ...sources,
  fileURLToPath(import.meta.url),
  ...files(join(root, 'src'), /\.h$/),
  ...files(join(library, 'src'), /\.h$/),
  ...files(join(library, 'include', 'isthmus'), /\.h$/),
];
const newest = Math.max(...inputs.map((file) => statSync(file).mtimeMs));
if (existsSync(output) && statSync(output).mtimeMs >= newest) process.exit(0);

const include = headers();
if (include === undefined) fail('the headers of Node.js are missing. Debian: apt-get install libnode-dev');

/** The words of a variable as make takes them: CC may be `ccache gcc`. */
function words(text) {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

const [compiler = 'cc', ...wrapped] = words(process.env.CC);
// Bsymbolic-functions: calls within the addon go straight to their function, not through a table.
// nodelete: a thread that connects may outlive the Worker that loaded the addon, and with it the last use of the file.
const flags = [
  '-std=c11',
  '-O2',
  '-g',
  '-Wall',
  '-Wextra',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  '-pthread',
  '-Wl,-z,nodelete',
  '-Wl,-Bsymbolic-functions',
];
const temporary = `${output}.${process.pid}`;
mkdirSync(dirname(output), { recursive: true });
const result = spawnSync(
  compiler,
  [
    ...wrapped,
    ...flags,
    ...words(process.env.CFLAGS),
    `-I${include}`,
    `-I${join(library, 'include')}`,
    `-I${join(library, 'src')}`,
    ...sources,
    '-o',
    temporary,
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] },
);
if (result.error?.code === 'ENOENT') {
  fail(`there is no C compiler (${compiler}). Debian: apt-get install gcc libc6-dev`);
}
if (result.status !== 0) fail(`${compiler} ended with ${result.status ?? result.signal}; see above.`);
// Renamed into place, so that nobody ever loads half a file.
renameSync(temporary, output);
