/** Has the C compiler say what a header declares: compiles it, with debug information, and reads that. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsthmusError } from '@isthmus/schema';
import { compiler } from '../programs/compile.ts';
import { runProgram } from '../programs/run-program.ts';
import { type DebugInfo, readDebugInfo } from './dwarf.ts';

export interface HeaderOptions {
  /** An absolute path, or as in `#include <...>`. */
  readonly header: string;
  /** Absolute paths of folders to look for headers in. */
  readonly include: readonly string[];
  /** `NAME` or `NAME=VALUE`. */
  readonly define: readonly string[];
  /** May carry arguments. `undefined`: `$CC`, else `cc`. */
  readonly compiler: string | undefined;
}

const TIMEOUT_MS = 60_000;

/**
 * DWARF 4, because both compilers write it and it has all that is needed. Linked, so that the linker fills in the references
 * between sections; and with the types that nothing uses, which is all of them.
 */
const flags = [
  ...['-g', '-gdwarf-4', '-gno-split-dwarf', '-gz=none', '-fno-eliminate-unused-debug-types', '-O0', '-fno-lto'],
  ...['-shared', '-fPIC', '-nostdlib', '-w', '-fmax-errors=5'],
];

/**
 * What the compiler knows after the header and the C code `source`.
 *
 * @throws IsthmusError BUILD_FAILED when it does not compile; the detail has the compiler's first messages.
 */
export async function compileHeader(options: HeaderOptions, source: string): Promise<DebugInfo> {
  const { header, include, define } = options;
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-from-c-'));
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    await writeFile(join(folder, 'main.c'), source);
    const search = include.map((path) => `-I${path}`);
    const macros = define.map((macro) => `-D${macro}`);
    const command = [...compiler(options.compiler), ...flags, ...macros, ...search];
    await runProgram([...command, '-include', header, '-o', 'main.so', 'main.c'], { cwd: folder, signal });
    return readDebugInfo(await readFile(join(folder, 'main.so')));
  } catch (error) {
    if (!signal.aborted) throw error;
    const detail = `compiling ${header} takes longer than ${TIMEOUT_MS / 1000} s`;
    throw new IsthmusError('BUILD_FAILED', { detail, cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
