/** Compiling C programs against the library, once for all test files that need the same. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { generateHeader, type Service } from '@isthmus/schema';

const c = resolve(import.meta.dirname, '../../c');
const library = join(c, 'build/libisthmus.a');

/**
 * Compiles `source` with the header generated from `service` and links the library. The program is kept beside those of
 * earlier runs, under a name made from all that went into it.
 *
 * @returns The program's path.
 * @throws Error with the compiler's messages; a warning is an error.
 */
export function compileService(service: Service, source: string): string {
  if (!existsSync(library)) throw new Error(`${library} is missing: npm run build`);
  const header = generateHeader(service);
  const key = createHash('sha256').update(source).update(header).update(readFileSync(library)).digest('hex');
  const root = join(tmpdir(), `isthmus-test-programs-${userInfo().uid}`);
  const program = join(root, key.slice(0, 16), service.name);
  if (existsSync(program)) return program;
  // Test files run at the same time: each compiles in a folder of its own, and the first to finish gives it its name.
  const scratch = join(root, `${key.slice(0, 16)}.${process.pid}`);
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  writeFileSync(join(scratch, `${service.name}.h`), header);
  writeFileSync(join(scratch, 'main.c'), source);
  const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];
  const args = ['-std=c11', '-O1', '-g', ...warnings, `-I${c}/include`, '-I.', 'main.c', library, '-pthread'];
  try {
    execFileSync('cc', [...args, '-o', service.name], { cwd: scratch, stdio: 'pipe', timeout: 60_000 });
    renameSync(scratch, join(root, key.slice(0, 16)));
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    if (!existsSync(program)) throw error;
  }
  return program;
}
