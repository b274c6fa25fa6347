/** What contestants are built with, and whether it is there. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';

/** The folder `benchmarks`. */
export const benchmarks = resolve(import.meta.dirname, '..');
/** Where contestants are built: never committed. */
export const buildFolder = join(benchmarks, 'build');
export const library = join(benchmarks, '..', 'c');

/** Why a contestant cannot run: the first of these programs that PATH does not have. */
export function missingPrograms(...programs: readonly string[]): string | undefined {
  const absent = programs.find((program) => !isOnPath(program));
  return absent === undefined ? undefined : `${absent} is not installed`;
}

/** The same of packages from npm. */
export function missingPackages(...names: readonly string[]): string | undefined {
  const require = createRequire(import.meta.url);
  const absent = names.find((name) => {
    try {
      require.resolve(name);
      return false;
    } catch {
      return true;
    }
  });
  return absent === undefined ? undefined : `the package ${absent} is not installed: npm ci --prefix benchmarks`;
}

export interface CProgram {
  /** Its name in `build`. */
  readonly name: string;
  readonly sources: readonly string[];
  /** What it is made of besides: headers, a static library. */
  readonly inputs?: readonly string[];
  /** Further flags, and libraries. */
  readonly flags?: readonly string[];
}

/**
 * Compiles it into `build` unless what is there is newer than all that it is made of.
 *
 * @returns The path of what was made.
 * @throws Error where the compiler does, which has said why on stderr.
 */
export function compileC({ name, sources, inputs = [], flags = [] }: CProgram): string {
  const program = join(buildFolder, name);
  if (isNewerThan(program, [...sources, ...inputs])) return program;
  mkdirSync(buildFolder, { recursive: true });
  const warnings = ['-Wall', '-Wextra', '-Wpedantic'];
  const args = ['-std=c11', '-O2', ...warnings, '-pthread', ...sources, ...flags, '-o', program];
  execFileSync(process.env.CC ?? 'cc', args, { stdio: 'inherit' });
  return program;
}

/** The folder with node_api.h of this Node, or of the repository's own; undefined: there is none. */
export function nodeHeaders(): string | undefined {
  const root = join(benchmarks, '..', 'node_modules');
  const candidates = [
    join(process.execPath, '..', '..', 'include', 'node'),
    join(root, 'node', 'node_modules', `node-linux-${process.arch}`, 'include', 'node'),
    join(root, `node-linux-${process.arch}`, 'include', 'node'),
    '/usr/include/node',
  ];
  return candidates.find((folder) => existsSync(join(folder, 'node_api.h')));
}

/** Writes a file that is made from others, and leaves it alone where it says the same already. */
export function writeGenerated(name: string, text: string): string {
  const path = join(buildFolder, name);
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
  return path;
}

function isNewerThan(target: string, sources: readonly string[]): boolean {
  if (!existsSync(target)) return false;
  const { mtimeMs } = statSync(target);
  return sources.every((source) => statSync(source).mtimeMs < mtimeMs);
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why what takes part cannot run here, or could not be built; undefined: it is there, and is built. */
export function whyNotThere(one: { missing(): string | undefined; build?(): void }): string | undefined {
  const missing = one.missing();
  if (missing !== undefined) return missing;
  try {
    one.build?.();
    return undefined;
  } catch (error) {
    return `it could not be built: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
  }
}
