/** `isthmus region watch`: each newer version, a line each. */
import type { Command } from 'commander';
import type { SetExitCode } from '../exit-codes.ts';
import { integerOption, numberOption } from '../options.ts';
import { openRegion } from '../regions/find-regions.ts';
import { watchLines } from '../regions/watch-region.ts';
import { untilSignal } from '../signals.ts';
import { writeOut } from '../stdout.ts';
import type { WhereaboutsOptions } from '../whereabouts.ts';
import { addWhereabouts, checkWhereabouts } from './whereabouts-options.ts';

interface WatchOptions extends WhereaboutsOptions {
  readonly maxRate: number;
  readonly count?: number;
}

export function addRegionWatch(region: Command, setExitCode: SetExitCode): void {
  const command = region
    .command('watch')
    .summary('print a region whenever it changes')
    .description(
      'Prints the value of a region and then each newer one, an object a line: tag, time, skipped, live and value. Of a table, each row that changes, or the one with this key. What comes too fast is skipped, and counted; the newest is not.',
    )
    .argument('<name>', 'name of the region: SERVICE.REGION, or as the configuration calls it')
    .argument('[key]', 'the row of a table')
    .option('--max-rate <events>', 'the most a second, of each row, 0.001 to 1,000', numberOption(0.001, 1000), 10)
    .option('--count <lines>', 'end after so many lines', integerOption(1, Number.MAX_SAFE_INTEGER));
  addWhereabouts(command)
    .addHelpText(
      'after',
      `
Examples:
  isthmus region watch feed.market
  isthmus region watch feed.market ACME --max-rate 1 | jq -c '[.time, .value.bid]'
  isthmus region watch boiler --count 1    the value that is there

Exit codes:
  0    --count was reached, or nobody reads stdout any more
  1    it cannot be watched: stderr says why
  2    wrong usage
  129  ended by SIGHUP, as are 130 by SIGINT (Ctrl-C) and 143 by SIGTERM`,
    )
    .action(async (name: string, key: string | undefined, options: WatchOptions) => {
      checkWhereabouts(options);
      await untilSignal(setExitCode, async (signal) => {
        await using target = await openRegion(name, { ...options, signal });
        const { maxRate, count = Number.POSITIVE_INFINITY } = options;
        let lines = 0;
        for await (const line of watchLines(target.region, { key, maxRate, signal })) {
          lines += 1;
          if (!(await writeOut(line)) || lines >= count) break;
        }
      });
    });
}
