/**
 * Makes the tarballs that are published, one for each workspace package, in build/packages/.
 *
 * In the repository the packages export their TypeScript, which Node runs as it is; Node refuses to do so under
 * node_modules, so what is published is JavaScript and declarations. Every package is laid out in
 * build/stage/node_modules/@isthmus/ in the order of its dependencies, so that each is compiled against what its users
 * get of the others, and not against their sources.
 *
 *   npm run pack
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { repository } from './generated.ts';

/** Packages in the order of their dependencies, and what each carries of the C side, in a folder c/ of its own. */
const packages = [
  { name: 'schema', native: [] },
  { name: 'codecs', native: [] },
  { name: 'native', native: ['c/include', 'c/src'] },
  { name: 'core', native: [] },
  { name: 'gateway', native: [] },
  { name: 'cli', native: ['c/dist'] },
] as const;

interface Manifest {
  name: string;
  version: string;
  exports: Record<string, string>;
  bin?: Record<string, string>;
  scripts?: Record<string, string>;
  [key: string]: unknown;
}

const stage = join(repository, 'build/stage');
const tarballs = join(repository, 'build/packages');

rmSync(stage, { recursive: true, force: true });
rmSync(tarballs, { recursive: true, force: true });
mkdirSync(tarballs, { recursive: true });
for (const { name, native } of packages) {
  const folder = join(stage, 'node_modules/@isthmus', name);
  const own = join('packages', name);
  for (const path of [own, ...native]) copyTracked(path, path === own ? own : '.', folder);
  const prebuilds = join(repository, own, 'prebuilds');
  if (existsSync(prebuilds)) cpSync(prebuilds, join(folder, 'prebuilds'), { recursive: true });
  compile(name, folder);
  const manifest = publishedManifest(name);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  cpSync(join(repository, 'LICENSE'), join(folder, 'LICENSE'));
  if (!existsSync(join(folder, 'README.md'))) cpSync(join(repository, 'README.md'), join(folder, 'README.md'));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', tarballs], { cwd: folder, stdio: 'inherit' });
}

/**
 * Copies the files under `path` that are published as they are: those that git tracks, so that nothing a build left
 * behind is among them, without tests, the manifest and the sources that are compiled. They keep their paths from `base`.
 */
function copyTracked(path: string, base: string, to: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--', path], { cwd: repository, encoding: 'utf8' });
  for (const file of listed.split('\0').filter((line) => line !== '')) {
    const kept = relative(base, file);
    if (/^test\/|^package\.json$|^src\/.*\.ts$/.test(kept)) continue;
    mkdirSync(dirname(join(to, kept)), { recursive: true });
    cpSync(join(repository, file), join(to, kept));
  }
}

/** Compiles a package's sources from a copy beside the staged packages, so that `@isthmus/...` means those. */
function compile(name: string, folder: string): void {
  const source = join(stage, name);
  cpSync(join(repository, 'packages', name, 'src'), join(source, 'src'), { recursive: true });
  cpSync(join(repository, 'packages', name, 'package.json'), join(source, 'package.json'));
  const own = join(repository, 'packages', name, 'node_modules');
  if (existsSync(own)) symlinkSync(own, join(source, 'node_modules'));
  const config = {
    extends: join(repository, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: 'src',
      outDir: join(folder, 'dist'),
      typeRoots: [join(repository, 'node_modules/@types')],
    },
    include: ['src'],
    exclude: [],
  };
  writeFileSync(join(source, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(repository, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', source], { stdio: 'inherit' });
}

/** The manifest with dist/ in the place of src/, and without what only this repository needs. */
function publishedManifest(name: string): Record<string, unknown> {
  const manifest: Manifest = JSON.parse(readFileSync(join(repository, 'packages', name, 'package.json'), 'utf8'));
  const { devDependencies: _, scripts, bin, ...kept } = manifest;
  const install = scripts?.install;
  return {
    ...kept,
    exports: mapValues(manifest.exports, (file) =>
      file.endsWith('.ts') ? { types: compiled(file, '.d.ts'), default: compiled(file, '.js') } : file,
    ),
    ...(bin === undefined ? {} : { bin: mapValues(bin, (file) => compiled(file, '.js')) }),
    ...(install === undefined ? {} : { scripts: { install } }),
  };
}

function compiled(file: string, extension: string): string {
  return file.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, extension);
}

function mapValues<A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
