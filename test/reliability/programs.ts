/** Everything that the matrix and the storm run, compiled: with failpoints, and as it is shipped. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { compileService } from '../support/compile.ts';
import { siege } from './siege.schema.ts';

const repository = resolve(import.meta.dirname, '../..');

export interface Programs {
  /** The instance. */
  readonly siege: string;
  /** The client in C. */
  readonly load: string;
  /** What a Node process needs in its environment to load the addon that goes with them. */
  readonly nodeEnv: Readonly<Record<string, string>>;
}

export function compilePrograms(): Programs {
  return { ...compileWith(join(repository, 'c/build/libisthmus.a')), nodeEnv: {} };
}

/** The same with the failpoints of c/src/failpoint.h in it. */
export function compileWithFailpoints(): Programs {
  const addon = join(repository, 'packages/native/build/failpoints');
  const env = { ...process.env, ISTHMUS_ADDON_ROOT: addon, CFLAGS: '-DISTH_FAILPOINTS' };
  const { CFLAGS: _, ...makeEnv } = process.env;
  const make = ['-s', '-j', String(availableParallelism()), '-C', 'c', 'FAILPOINTS=1'];
  execFileSync('make', make, { cwd: repository, env: makeEnv, stdio: 'inherit' });
  execFileSync(process.execPath, ['packages/native/scripts/build.mjs'], { cwd: repository, env, stdio: 'inherit' });
  const library = join(repository, 'c/build/failpoints/libisthmus.a');
  return { ...compileWith(library), nodeEnv: { '@ISTHMUS/NATIVE_PREBUILD': addon } };
}

function compileWith(library: string): Pick<Programs, 'siege' | 'load'> {
  const compile = (name: string): string =>
    compileService(siege, readFileSync(join(import.meta.dirname, name), 'utf8'), library);
  return { siege: compile('siege.c'), load: compile('load.c') };
}
