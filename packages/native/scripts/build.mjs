// Compiles the addon with the C compiler, if a source is newer than the last build. Plain JavaScript for any Node: it runs
// while packages are being installed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
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
const given = words(process.env.CFLAGS);
const compiling = ['-std=c11', '-O2', '-g', '-Wall', '-Wextra', '-fPIC', '-fvisibility=hidden', '-pthread', ...given];
const folders = [include, join(library, 'include'), join(library, 'src')].map((folder) => `-I${folder}`);
// Bsymbolic-functions: calls within the addon go straight to their function, not through a table.
// nodelete: a thread that connects may outlive the Worker that loaded the addon, and with it the last use of the file.
const linking = ['-shared', '-pthread', '-Wl,-z,nodelete', '-Wl,-Bsymbolic-functions', ...given];

/** What went wrong first: no other compiler is started after it. */
let problem;

async function compile(args) {
  const child = spawn(compiler, [...wrapped, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    const [status, signal] = await once(child, 'close');
    if (status !== 0) problem ??= `${compiler} ended with ${status ?? signal}; see above.`;
  } catch (error) {
    problem ??=
      error.code === 'ENOENT'
        ? `there is no C compiler (${compiler}). Debian: apt-get install gcc libc6-dev`
        : error.message;
  }
}

mkdirSync(dirname(output), { recursive: true });
const scratch = mkdtempSync(join(dirname(output), 'objects-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
// By number: the addon and the library may have sources of the same name.
const objects = sources.map((_, index) => join(scratch, `${index}.o`));
const waiting = sources.map((source, index) => [...compiling, ...folders, '-c', source, '-o', objects[index]]);

/** Takes one source after the other, beside others that do. */
async function work() {
  for (let args = waiting.shift(); args !== undefined && problem === undefined; args = waiting.shift())
    await compile(args);
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
const linked = join(scratch, 'isthmus.node');
if (problem === undefined) await compile([...objects, ...linking, '-o', linked]);
if (problem !== undefined) fail(problem);
// Renamed into place, so that nobody ever loads half a file.
renameSync(linked, output);
