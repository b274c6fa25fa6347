/** `isthmus call`: one call, or a file of them. */
import type { Command } from 'commander';
import { type BatchArguments, callBatch } from '../batch/call-batch.ts';
import { callOnce } from '../call-once.ts';
import { exitCodes, type SetExitCode, UsageError } from '../exit-codes.ts';
import { integerOption } from '../options.ts';
import { untilSignal } from '../signals.ts';
import { openTarget } from '../target.ts';

interface CallOptions {
  readonly input?: string;
  readonly output?: string;
  readonly path?: string;
  readonly config?: string;
  readonly schema?: string;
  readonly timeoutMs?: number;
  readonly inFlight: number;
  readonly failFast?: true;
  readonly json?: true;
}

export function addCall(program: Command, setExitCode: SetExitCode): void {
  program
    .command('call')
    .summary('call a method once, or for each row of a file')
    .description(
      'Calls a method once with a JSON argument (several replies are a line each), or once for each row of an NDJSON file: pipelined, with the rows out in the order of the rows in. Uses the bridge that `isthmus start` runs for this project; when none runs, it starts the instances for as long as the calls take.',
    )
    .argument('<service>', 'name of the service')
    .argument('<method>', 'name of the method')
    .argument('[json]', 'the input, for one call')
    .option('-i, --input <file>', 'NDJSON: one input a line; - is stdin')
    .option('-o, --output <file>', 'NDJSON: one output a line, written when all are there; - is stdout (default: -)')
    .option('--path <socket>', 'call the instances behind this socket, or this folder of sockets')
    .option('-c, --config <file>', 'configuration (default: isthmus.config.ts in this folder)')
    .option('--schema <file>', 'schema file, instead of a configuration')
    .option('--timeout-ms <ms>', 'deadline of each call (default: as configured)', integerOption(1, 86_400_000))
    .option('--in-flight <calls>', 'calls in flight at once', integerOption(1, 65_536), 64)
    .option('--fail-fast', 'stop at the first row that fails; the output file is then not written')
    .option('--json', 'report errors and the summary as JSON, on stderr')
    .addHelpText(
      'after',
      `
Examples:
  isthmus call pricing quote '{"spot":42,"strike":40,"rate":0.1,"volatility":0.2,"expiry":0.5,"kind":"call"}'
  isthmus call pricing quote --input chain.ndjson --output out.ndjson
  gunzip < chain.gz | isthmus call pricing quote -i - > out.ndjson
  isthmus call tank level '{"metres":1}' --schema tank.schema.ts --path /run/tank.sock

Exit codes:
  0    every call was answered
  1    a call or row failed: stderr says which, and so does its row in the output
  2    wrong usage
  129  ended by SIGHUP, as are 130 by SIGINT (Ctrl-C) and 143 by SIGTERM: no output file was written`,
    )
    .action(async (service: string, method: string, json: string | undefined, options: CallOptions) => {
      checkUsage(json, options);
      await untilSignal(setExitCode, async (signal) => {
        await using target = await openTarget({ ...options, service, method, signal });
        const { input, output = '-' } = options;
        if (input !== undefined && target.method.replies === 'many') {
          throw new UsageError(`${method} has any number of replies: call it once, without --input`);
        }
        if (input === undefined) {
          await callOnce(target, json, signal);
          return;
        }
        const batch: BatchArguments = {
          input,
          output,
          inFlight: options.inFlight,
          failFast: options.failFast === true,
          json: options.json === true,
        };
        const failed = await callBatch(target, batch, signal);
        setExitCode(failed ? exitCodes.failed : exitCodes.done);
      });
    });
}

function checkUsage(json: string | undefined, { input, output, config, schema }: CallOptions): void {
  if (json !== undefined && input !== undefined) throw new UsageError('give either one input or --input, not both');
  if (input === undefined && output !== undefined) throw new UsageError('--output goes with --input');
  if (config !== undefined && schema !== undefined) throw new UsageError('give either --config or --schema, not both');
}
