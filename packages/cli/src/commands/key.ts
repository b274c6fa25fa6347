/** `isthmus key`: API keys for the gateway. */
import type { Command } from 'commander';
import type { SetExitCode } from '../exit-codes.ts';
import { addKeyNew } from './key-new.ts';

export function addKey(program: Command, setExitCode: SetExitCode): void {
  const key = program
    .command('key')
    .summary('make API keys')
    .description(
      'API keys, with which callers of the gateway prove who they are. The configuration keeps their hashes.',
    );
  addKeyNew(key, setExitCode);
}
