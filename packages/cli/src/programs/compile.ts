/** Compiles a service from its C files together with the C library: no Makefile and no installed library needed. */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { generateHeader, IsthmusError, type Service } from '@isthmus/schema';
import { packageFolder } from '../package-info.ts';
import { runProgram } from './run-program.ts';
import { writeIfChanged } from './write-if-changed.ts';

/** gnu11 and not c11: programs that existed before Isthmus use what POSIX and libm offer, such as M_PI and strdup(). */
const flags = ['-O2', '-g', '-std=gnu11', '-Wall', '-Wextra', '-pthread'];

export interface CompileOptions {
  readonly schema: Service;
  /** Absolute paths of the C files. */
  readonly sources: readonly string[];
  /** Where headers, objects and the program go: the project's `.isthmus` folder. */
  readonly outputFolder: string;
  /** Where the program goes. Default: `bin` in there. */
  readonly binFolder?: string;
  readonly signal?: AbortSignal;
}

export interface CompiledService {
  /** Absolute path of the program. */
  readonly program: string;
  /** What the compiler said: its warnings, or nothing. */
  readonly output: string;
}

/**
 * Writes the service's header and compiles its program with `$CC`, else `cc`. The library is compiled once for each of its
 * versions and compilers, and then reused.
 *
 * @throws IsthmusError BUILD_FAILED when there is no compiler or the code does not compile; the detail has the compiler's messages.
 */
export async function compileService(options: CompileOptions): Promise<CompiledService> {
  const { schema, sources, outputFolder, binFolder = join(outputFolder, 'bin'), signal } = options;
  const include = join(outputFolder, 'include');
  const library = await readLibrary();
  await writeIfChanged(join(include, 'isthmus/isthmus.h'), library.header);
  await writeIfChanged(join(include, `${schema.name}.h`), generateHeader(schema));
  const run = (args: readonly string[]) => {
    return runProgram([...compiler(), ...args], { cwd: outputFolder, ...(signal === undefined ? {} : { signal }) });
  };
  const object = await compileLibrary(library, join(outputFolder, 'lib'), include, run);
  const program = join(binFolder, schema.name);
  const output = await build(program, (target) =>
    run([...flags, '-I', include, '-o', target, ...sources, object, '-lm']),
  );
  return { program, output };
}

interface Library {
  readonly folder: string;
  readonly header: string;
  readonly source: string;
}

/** The library as one pair of files: beside the package when published, in `c/dist` of a checkout. */
async function readLibrary(): Promise<Library> {
  for (const folder of [join(packageFolder, 'c/dist'), join(packageFolder, '../../c/dist')]) {
    const found = await access(join(folder, 'isthmus.c')).then(
      () => true,
      () => false,
    );
    if (!found) continue;
    const [header, source] = await Promise.all(
      ['isthmus.h', 'isthmus.c'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    if (header !== undefined && source !== undefined) return { folder, header, source };
  }
  throw new IsthmusError('INTERNAL', {
    detail: `isthmus.c is missing from ${packageFolder}: install @isthmus/cli again`,
  });
}

async function compileLibrary(
  library: Library,
  folder: string,
  include: string,
  run: (args: readonly string[]) => Promise<string>,
): Promise<string> {
  const parts = [library.source, library.header, ...compiler(), ...flags];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
  const object = join(folder, `isthmus-${key}.o`);
  const there = await access(object).then(
    () => true,
    () => false,
  );
  if (there) return object;
  const source = join(library.folder, 'isthmus.c');
  await build(object, (target) => run([...flags, '-I', include, '-c', '-o', target, source]));
  return object;
}

/** Has `make` write to a temporary name and then moves it there, so that a running program is replaced, not overwritten. */
async function build(path: string, make: (target: string) => Promise<string>): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  const temporary = join(path, '..', `.${basename(path)}.${process.pid}.o`);
  try {
    const output = await make(temporary);
    await rename(temporary, path);
    return output;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The C compiler's words: `command` may carry arguments, as in `ccache gcc`. */
export function compiler(command = process.env.CC ?? ''): readonly string[] {
  const words = command.split(/\s+/).filter((word) => word !== '');
  return words.length === 0 ? ['cc'] : words;
}
