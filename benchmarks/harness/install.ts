/** The contestants' own packages: not a part of the repository's. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchmarks } from './toolchains.ts';

/**
 * Installs what benchmarks/package-lock.json says, unless that is what is there. Where it cannot, it says so, and the contestants that need
 * a package name it as missing.
 */
export function installPackages(): void {
  const lock = join(benchmarks, 'package-lock.json');
  const modules = join(benchmarks, 'node_modules');
  const mark = join(modules, '.installed');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  console.error('npm ci in benchmarks/: the packages of other contestants');
  try {
    // Not by --prefix, which would also take the machine's own settings of npm from there.
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: benchmarks,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    writeFileSync(mark, wanted);
  } catch (error) {
    console.error(`they could not be installed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
