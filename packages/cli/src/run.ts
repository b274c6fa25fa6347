/** Runs one command line, and turns whatever happens into messages and an exit code. */
import { CommanderError } from 'commander';
import { exitCodes, UsageError } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { describeError } from './report-error.ts';

/** `args`: what follows the program's name. Returns the exit code; see {@link exitCodes}. */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.done;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has already written its message; help and version end with 0, wrong usage with 1.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    process.stderr.write(`${describeError(error)}\n`);
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
  }
}
