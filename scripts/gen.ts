/**
 * Makes every generated file of the repository anew. With --check it changes nothing, names what is stale and exits
 * with 1.
 *
 *   npm run gen
 *   npm run gen -- --check
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorFiles } from './gen-errors.ts';
import { fuzzFiles } from './gen-fuzz.ts';
import { versionFiles } from './gen-version.ts';
import { checkOnly, repository, syncFiles } from './generated.ts';

const flags = checkOnly ? ['--check'] : [];

syncFiles([...errorFiles(), ...versionFiles(), ...fuzzFiles()]);
// The pair of C files holds the headers made above, so it comes after them.
run('c', './amalgamate.sh', flags);
for (const name of readdirSync(join(repository, 'examples'))) {
  const folder = join('examples', name);
  if (!existsSync(join(repository, folder, 'isthmus.config.ts'))) continue;
  run(folder, process.execPath, [join(repository, 'packages/cli/src/main.ts'), 'gen', ...flags]);
}

/** Runs a generator of its own; one that fails makes this process fail, after the others have had their turn. */
function run(folder: string, command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: join(repository, folder), stdio: 'inherit' });
  if (error !== undefined) console.error(`${folder}: ${command}: ${error.message}`);
  if (status !== 0) process.exitCode = 1;
}
