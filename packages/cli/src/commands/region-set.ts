/** `isthmus region set`: writes a value, or changes a part of it. */
import type { Command } from 'commander';
import { type SetExitCode, UsageError } from '../exit-codes.ts';
import { parseJson } from '../parse-json.ts';
import { openRegion } from '../regions/find-regions.ts';
import { stampText } from '../regions/region-value.ts';
import { writeRegion } from '../regions/write-region.ts';
import { untilSignal } from '../signals.ts';
import { readIn } from '../stdin.ts';
import { writeJson } from '../stdout.ts';
import type { WhereaboutsOptions } from '../whereabouts.ts';
import { addWhereabouts, checkWhereabouts } from './whereabouts-options.ts';

interface SetOptions extends WhereaboutsOptions {
  readonly patch?: true;
  readonly expected?: string;
}

export function addRegionSet(region: Command, setExitCode: SetExitCode): void {
  const command = region
    .command('set')
    .summary('write a region')
    .description(
      'Writes a value, given as JSON, into a region that can be written from here: one with several writers, or one that is attached writable. Prints its new version and time.',
    )
    .argument('<name>', 'name of the region: SERVICE.REGION, or as the configuration calls it')
    .argument('[key]', 'the row of a table; can be left out where the value says it')
    .argument('[json]', 'the value; - reads it from stdin')
    .option('--patch', 'the JSON has only what changes (JSON Merge Patch, RFC 7396); null removes')
    .option('--expected <tag>', 'only if this version is there, as get --stamp prints it; none: only if nothing is');
  addWhereabouts(command)
    .addHelpText(
      'after',
      `
Examples:
  isthmus region set boiler '{"setPoint":65}' --patch
  isthmus region set feed.market ACME '{"bid":101.5}' --patch
  isthmus region get boiler | jq '.setPoint += 1' | isthmus region set boiler -
  isthmus region set boiler '{"setPoint":65}' --patch --expected 5f3a9c01d2e4b687-12

Exit codes:
  0    it was written
  1    it was not: stderr says why
  2    wrong usage
  129  ended by SIGHUP, as are 130 by SIGINT (Ctrl-C) and 143 by SIGTERM`,
    )
    .action(async (name: string, second: string | undefined, third: string | undefined, options: SetOptions) => {
      checkWhereabouts(options);
      // Of two, the last one is the value.
      const [key, json] = third === undefined ? [undefined, second] : [second, third];
      if (json === undefined) throw new UsageError('set needs a value, as JSON');
      await untilSignal(setExitCode, async (signal) => {
        const value = parseJson(json === '-' ? await readIn(signal) : json);
        await using target = await openRegion(name, { ...options, signal });
        const { patch, expected } = options;
        const stamp = await writeRegion(target.region, { key, json: value, isPatch: patch === true, expected });
        await writeJson(stampText(stamp));
      });
    });
}
