/** The command line as a whole: what `isthmus --help` shows, and what docs/cli.md is held against. */
import { Command } from 'commander';
import { addCall } from './commands/call.ts';
import { addDoctor } from './commands/doctor.ts';
import { addGen } from './commands/gen.ts';
import { addInit } from './commands/init.ts';
import { addKey } from './commands/key.ts';
import { addRegion } from './commands/region.ts';
import { addRollout } from './commands/rollout.ts';
import { addSchema } from './commands/schema.ts';
import { addSegments } from './commands/segments.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import type { SetExitCode } from './exit-codes.ts';
import { version } from './package-info.ts';

export function createProgram(setExitCode: SetExitCode): Command {
  const program = new Command('isthmus')
    .description('Calls between TypeScript services and native programs, through shared memory.')
    .version(version)
    // Errors become exit codes in run.ts; set before the commands are added, which inherit it.
    .exitOverride()
    .showHelpAfterError('(add --help for the options)');
  const adding = [
    addStart,
    addStatus,
    addRollout,
    addCall,
    addRegion,
    addSegments,
    addGen,
    addSchema,
    addInit,
    addKey,
    addDoctor,
  ];
  for (const add of adding) add(program, setExitCode);
  return program;
}
