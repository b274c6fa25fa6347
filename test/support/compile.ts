/** Compiling C programs, once for all test files that need the same. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { generateHeader, type Service } from '@isthmus/schema';

const c = resolve(import.meta.dirname, '../../c');
const ordinaryLibrary = join(c, 'build/libisthmus.a');

/**
 * Compiles `source` with the header generated from `service` and links the library, or another build of it. The program is kept
 * beside those of earlier runs, under a name made from all that went into it.
 *
 * @param internals Whether it includes what is the library's own, and its tests'.
 * @returns The program's path.
 * @throws Error with the compiler's messages; a warning is an error.
 */
export function compileService(
  service: Service,
  source: string,
  library: string = ordinaryLibrary,
  internals = false,
): string {
  if (!existsSync(library)) throw new Error(`${library} is missing: npm run build`);
  const files = { [`${service.name}.h`]: generateHeader(service), 'main.c': source };
  const key = createHash('sha256').update(readFileSync(library)).digest('hex');
  const include = internals ? [`-I${c}/include`, `-I${c}/src`, `-I${c}/test`] : [`-I${c}/include`];
  return compile(service.name, files, [...include, '-I.', 'main.c', library], key);
}

/** The same of a program that knows nothing of Isthmus. */
export function compileProgram(name: string, source: string): string {
  return compile(name, { 'main.c': source }, ['main.c'], '');
}

/** @param key What else the program is made of. */
function compile(
  name: string,
  files: Readonly<Record<string, string>>,
  inputs: readonly string[],
  key: string,
): string {
  const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];
  const args = ['-std=c11', '-O1', '-g', ...warnings, ...inputs, '-pthread', '-o', name];
  const digest = createHash('sha256')
    .update(JSON.stringify([files, args, key]))
    .digest('hex')
    .slice(0, 16);
  const root = join(tmpdir(), `isthmus-test-programs-${userInfo().uid}`);
  const program = join(root, digest, name);
  if (existsSync(program)) return program;
  // Test files run at the same time: each compiles in a folder of its own, and the first to finish gives it its name.
  const scratch = join(root, `${digest}.${process.pid}`);
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(scratch, file), text);
  try {
    // A sanitizer that was preloaded into Node has no business in a compiler.
    execFileSync('cc', args, { cwd: scratch, stdio: 'pipe', timeout: 60_000, env: { ...process.env, LD_PRELOAD: '' } });
    renameSync(scratch, join(root, digest));
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    if (!existsSync(program)) throw error;
  }
  return program;
}
