/** `isthmus region get`: what a region holds now. */
import type { Command } from 'commander';
import { type SetExitCode, UsageError } from '../exit-codes.ts';
import { openRegion } from '../regions/find-regions.ts';
import { readBytes, readJson } from '../regions/read-region.ts';
import { untilSignal } from '../signals.ts';
import { writeJson, writeOut } from '../stdout.ts';
import type { WhereaboutsOptions } from '../whereabouts.ts';
import { addWhereabouts, checkWhereabouts } from './whereabouts-options.ts';

interface GetOptions extends WhereaboutsOptions {
  readonly field?: string;
  readonly bytes?: true;
  readonly stamp?: true;
}

export function addRegionGet(region: Command, setExitCode: SetExitCode): void {
  const command = region
    .command('get')
    .summary('print what a region holds')
    .description(
      'Prints the value of a region as JSON; of a table, the row with this key, or an array of all rows. It is read from shared memory, without HTTP.',
    )
    .argument('<name>', 'name of the region: SERVICE.REGION, or as the configuration calls it')
    .argument('[key]', 'the row of a table')
    .option('--field <name>', 'one field only')
    .option('--bytes', 'the bytes of the struct, as C has it, instead of JSON')
    .option('--stamp', 'version and time too: an object with tag, time, live and value');
  addWhereabouts(command)
    .addHelpText(
      'after',
      `
Examples:
  isthmus region get feed.market           all rows of a table
  isthmus region get feed.market ACME --field bid
  isthmus region get boiler --stamp
  isthmus region get boiler --bytes | xxd

Exit codes:
  0    it was printed
  1    it could not be read: stderr says why
  2    wrong usage
  129  ended by SIGHUP, as are 130 by SIGINT (Ctrl-C) and 143 by SIGTERM`,
    )
    .action(async (name: string, key: string | undefined, options: GetOptions) => {
      checkWhereabouts(options);
      if (options.bytes && (options.stamp || options.field !== undefined)) {
        throw new UsageError('--bytes goes without --field and --stamp');
      }
      await untilSignal(setExitCode, async (signal) => {
        await using target = await openRegion(name, { ...options, signal });
        if (options.bytes) await writeOut(await readBytes(target.region, key));
        else await writeJson(await readJson(target.region, key, options));
      });
    });
}
