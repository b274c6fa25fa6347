/** `isthmus segments`: the shared memory of this machine, and what nobody uses any more. */
import { existsSync } from 'node:fs';
import { listSegments, removeSegment, type SegmentInfo } from '@isthmus/core';
import { defaultConfigFile, loadConfig } from '@isthmus/gateway';
import { type Command, Option } from 'commander';
import { ask } from '../ask.ts';
import { exitCodes, type SetExitCode, UsageError } from '../exit-codes.ts';
import { describeSegments, segmentObject } from '../segments/describe-segments.ts';
import { runClean } from '../segments/run-clean.ts';
import { selectSegments } from '../segments/select-segments.ts';
import { untilSignal } from '../signals.ts';
import { writeOut } from '../stdout.ts';

interface SegmentsOptions {
  readonly kind?: SegmentInfo['kind'];
  readonly config?: string;
  readonly clean?: true;
  readonly yes?: true;
  readonly json?: true;
}

const kinds: readonly SegmentInfo['kind'][] = ['systemV', 'posix', 'posixSemaphore', 'file'];

export function addSegments(program: Command, setExitCode: SetExitCode): void {
  program
    .command('segments')
    .summary('list the shared memory of this machine, and remove orphans')
    .description(
      'Lists what shared memory there is on this machine: System V, POSIX with its named semaphores, and the files that the configuration attaches. An orphan is one that nobody has attached and whose creator is gone.',
    )
    .argument('[names...]', 'only these: names, paths, keys such as 0x1234, ids')
    .addOption(new Option('--kind <kind>', 'only this kind').choices(kinds))
    .option('-c, --config <file>', 'configuration (default: isthmus.config.ts in this folder, if there is one)')
    .option('--clean', 'remove the orphans, after asking')
    .option('-y, --yes', 'with --clean: do not ask')
    .option('--json', 'one JSON document instead of a table')
    .addHelpText(
      'after',
      `
Examples:
  isthmus segments
  isthmus segments --kind systemV --json | jq '.segments[] | select(.worldWritable)'
  isthmus segments --clean
  isthmus segments --clean 0x1234          that one, if it is an orphan

Exit codes:
  0    they are listed; with --clean: what was agreed to is gone
  1    an orphan could not be removed: stderr says why
  2    wrong usage, as --clean without --yes where there is no terminal to ask at: nothing was removed
  129  ended by SIGHUP, as are 130 by SIGINT (Ctrl-C) and 143 by SIGTERM`,
    )
    .action(async (names: readonly string[], options: SegmentsOptions) => {
      if (options.yes && !options.clean) throw new UsageError('--yes goes with --clean');
      const files = await filesOf(options.config);
      const list = async () => selectSegments(await listSegments({ files }), { kind: options.kind, names });
      await untilSignal(setExitCode, async (signal) => {
        if (options.clean !== true) {
          await print(await list(), options);
          return;
        }
        const hasFailed = await runClean({
          store: { list, remove: ({ source }) => removeSegment(source) },
          confirm: async (count) => options.yes === true || (await isWanted(count, signal)),
          json: options.json === true,
          answer: writeOut,
          tell: (text) => process.stderr.write(text),
          signal,
        });
        setExitCode(hasFailed ? exitCodes.failed : exitCodes.done);
      });
    });
}

/** The files that the configuration attaches. Of no other file is it known that it is shared memory. */
async function filesOf(config: string | undefined): Promise<readonly string[]> {
  if (config === undefined && !existsSync(defaultConfigFile)) return [];
  const { regions } = await loadConfig(config);
  return regions.map(({ options }) => options.file).filter((file) => file !== undefined);
}

async function print(segments: readonly SegmentInfo[], { json }: SegmentsOptions): Promise<void> {
  if (json) await writeOut(`${JSON.stringify({ segments: segments.map(segmentObject) }, null, 2)}\n`);
  else await writeOut(segments.length === 0 ? 'there is none\n' : describeSegments(segments));
}

/** @throws UsageError where nobody can be asked. */
async function isWanted(count: number, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError('there is no terminal to ask at: --yes removes what is listed');
  return ask(`remove ${count === 1 ? 'it' : `these ${count}`}, for good? [y/N] `, signal);
}
