/** `isthmus status`: how the instances of the running bridge are. */
import { dirname, resolve } from 'node:path';
import { defaultConfigFile } from '@isthmus/gateway';
import type { Command } from 'commander';
import { askStatus } from '../admin/client.ts';
import { statusText } from '../admin/status-text.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { untilSignal } from '../signals.ts';
import { writeOut } from '../stdout.ts';

interface StatusOptions {
  readonly json?: true;
  readonly config?: string;
}

export function addStatus(program: Command, setExitCode: SetExitCode): void {
  program
    .command('status')
    .summary('say how the instances of the running bridge are')
    .description(
      'Asks the bridge that isthmus start runs for the same configuration how its instances are: which run, since when, how often they were started again, and how they ended last.',
    )
    .option('--json', 'one JSON document instead of a table')
    .option('-c, --config <file>', 'configuration (default: isthmus.config.ts in this folder)')
    .addHelpText(
      'after',
      `
Examples:
  isthmus status
  isthmus status --json | jq '.services[].instances[] | select(.crashLoop) | .lastStderr'

Exit codes:
  0    it is said, however the instances are
  1    no bridge runs
  2    wrong usage
  129  ended by SIGHUP, as are 130 by SIGINT (Ctrl-C) and 143 by SIGTERM`,
    )
    .action(async ({ json, config = defaultConfigFile }: StatusOptions) => {
      await untilSignal(setExitCode, async (signal) => {
        // Its folder says where the bridge is; what it says now need not be what the bridge was started with.
        const report = await askStatus({ folder: dirname(resolve(config)), signal });
        await writeOut(json === true ? `${JSON.stringify(report, null, 2)}\n` : statusText(report));
      });
    });
}
