/** `isthmus start`: builds, starts and serves. */
import { type LogLevel, maxWorkers } from '@isthmus/gateway';
import { type Command, Option } from 'commander';
import { exitCodes, type SetExitCode } from '../exit-codes.ts';
import { integerOption } from '../options.ts';
import { serve } from '../serve.ts';
import { catchSignals } from '../signals.ts';
import type { StartRequest } from '../start-settings.ts';

const levels: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

export function addStart(program: Command, setExitCode: SetExitCode): void {
  program
    .command('start')
    .summary('build and start the services, and serve them over HTTP')
    .description(
      'Builds and starts the services of the configuration and serves them over HTTP, until Ctrl-C or SIGTERM. Given a schema file and C files, it compiles and serves these, and needs no configuration.',
    )
    .argument('[files...]', 'a schema file (.ts) and the C files of its service')
    .option('-c, --config <file>', 'configuration (default: isthmus.config.ts in this folder)')
    .option('--host <address>', 'address to listen on, instead of the configured one')
    .option(
      '-p, --port <number>',
      'TCP port, instead of the configured one; 0 takes a free one',
      integerOption(0, 65_535),
    )
    .option(
      '--workers <number>',
      'processes that serve HTTP, all on the same port, instead of the configured number; auto: one a processor',
      workersOption,
    )
    .addOption(new Option('--log-level <level>', 'least severe level that is logged').choices(levels))
    .addHelpText(
      'after',
      `
Examples:
  isthmus start                            what isthmus.config.ts describes
  isthmus start --port 0                   the same, on a free port
  isthmus start --workers auto             with as many processes for HTTP as there are processors
  isthmus start tank.schema.ts tank.c      one C program, without a configuration

Exit codes:
  0  stopped by a signal, with everything it started
  1  it could not start: the message says why
  2  wrong usage`,
    )
    .action(async (files: readonly string[], options: Omit<StartRequest, 'files'>) => {
      using signals = catchSignals();
      await serve({ files, ...options }, signals.signal);
      setExitCode(exitCodes.done);
    });
}

function workersOption(value: string): number | 'auto' {
  return value === 'auto' ? value : integerOption(1, maxWorkers)(value);
}
