/** Builds c/bench/counts.c in a tree, and has callgrind count its paths. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../base-tree.ts';
import { type Counts, readCounts } from './compare.ts';
import { compiler } from './toolchain.ts';

/** With a build folder of its own, so that whatever was built there with other flags stays as it is. */
const build = 'build/counts';

/**
 * glibc chooses its memcpy by what the CPU has; valgrind shows the machine's, within what it knows. Without these every x86-64 CPU
 * takes the same. Names are bound at the start, so that no path pays for that.
 */
const environment = {
  GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM',
  LD_BIND_NOW: '1',
};

/** Throws where it cannot be built, or valgrind is missing. */
export function count(tree: string): Counts {
  const library = join(tree, 'c');
  run('make', ['-s', `CC=${compiler}`, 'CFLAGS=-O2 -g', `BUILD=${build}`, `${build}/bench/counts`], library);
  const scratch = mkdtempSync(join(tmpdir(), 'isthmus-counts-'));
  try {
    const file = join(scratch, 'callgrind.out');
    const said = run(
      'valgrind',
      [
        '-q',
        '--tool=callgrind',
        `--callgrind-out-file=${file}`,
        '--compress-strings=no',
        '--compress-pos=no',
        '--collect-atstart=no',
        '--toggle-collect=count_*',
        join(build, 'bench/counts'),
      ],
      library,
      environment,
    );
    const rounds = Number(/^rounds (\d+)$/m.exec(said)?.[1]);
    if (!(rounds > 0)) throw new Error(`counts did not say how many rounds it went: ${said}`);
    return readCounts(readFileSync(file, 'utf8'), rounds);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
