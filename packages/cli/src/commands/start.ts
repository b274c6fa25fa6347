/** `isthmus start`: builds, starts and serves. */
import { resolve } from 'node:path';
import { type BridgeSettings, type LogLevel, loadConfig, validateBridge } from '@isthmus/gateway';
import { type Command, Option } from 'commander';
import { exitCodes, type SetExitCode, UsageError } from '../exit-codes.ts';
import { findServices } from '../find-services.ts';
import { integerOption } from '../options.ts';
import { serve } from '../serve.ts';
import { catchSignals } from '../signals.ts';

interface StartOptions {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly logLevel?: LogLevel;
}

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
    .addOption(new Option('--log-level <level>', 'least severe level that is logged').choices(levels))
    .addHelpText(
      'after',
      `
Examples:
  isthmus start                            what isthmus.config.ts describes
  isthmus start --port 0                   the same, on a free port
  isthmus start tank.schema.ts tank.c      one C program, without a configuration

Exit codes:
  0  stopped by a signal, with everything it started
  1  it could not start: the message says why
  2  wrong usage`,
    )
    .action(async (files: readonly string[], options: StartOptions) => {
      using signals = catchSignals();
      const settings = files.length === 0 ? await loadConfig(options.config) : await settingsOf(files, options);
      await serve(withOptions(settings, options), signals.signal);
      setExitCode(exitCodes.done);
    });
}

async function settingsOf(files: readonly string[], options: StartOptions): Promise<BridgeSettings> {
  if (options.config !== undefined) throw new UsageError('give either files or --config, not both');
  const sources = files.filter((file) => file.endsWith('.c'));
  const [schemaFile, ...others] = files.filter((file) => !file.endsWith('.c'));
  if (schemaFile === undefined || others.length > 0 || sources.length === 0) {
    throw new UsageError('start takes one schema file and at least one C file: isthmus start tank.schema.ts tank.c');
  }
  const [schema, ...more] = await findServices(schemaFile);
  if (schema === undefined || more.length > 0) {
    throw new UsageError(`${schemaFile} exports more than one service: write an isthmus.config.ts for them`);
  }
  return validateBridge({ services: { [schema.name]: { schema, sources } } }, resolve(schemaFile, '../command line'));
}

function withOptions(settings: BridgeSettings, { host, port, logLevel }: StartOptions): BridgeSettings {
  return {
    ...settings,
    http: { ...settings.http, host: host ?? settings.http.host, port: port ?? settings.http.port },
    log: { level: logLevel ?? settings.log.level },
  };
}
