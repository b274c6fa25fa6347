/** Contestants in Go. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { benchmarks, buildFolder } from './toolchains.ts';

const built = new Set<string>();

/**
 * Builds programs of a module under `peers/` into `build/go`; go itself knows what has changed since the last run.
 *
 * @param packages `./grpc-echo`, or the path of one that go.mod names.
 * @throws Error if one does not compile, or a module that it needs cannot be had.
 */
export function buildGo(module: string, ...packages: readonly string[]): void {
  const wanted = packages.filter((name) => !built.has(`${module} ${name}`));
  if (wanted.length === 0) return;
  mkdirSync(join(buildFolder, 'go'), { recursive: true });
  const args = ['build', '-trimpath', '-o', `${join(buildFolder, 'go')}/`, ...wanted];
  execFileSync('go', args, { cwd: join(benchmarks, 'peers', module), stdio: ['ignore', 'inherit', 'inherit'] });
  for (const name of wanted) built.add(`${module} ${name}`);
}

/** Where `buildGo` puts a program. */
export function goProgram(name: string): string {
  return join(buildFolder, 'go', name);
}
