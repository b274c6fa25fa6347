/** `isthmus region ls`: which regions there are, and how they are. */
import type { Command } from 'commander';
import { ageText } from '../age-text.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { findRegions } from '../regions/find-regions.ts';
import { type ListedRegion, listRegions } from '../regions/list-regions.ts';
import { untilSignal } from '../signals.ts';
import { writeOut } from '../stdout.ts';
import { type Column, table } from '../table.ts';
import type { WhereaboutsOptions } from '../whereabouts.ts';
import { addWhereabouts, checkWhereabouts } from './whereabouts-options.ts';

interface LsOptions extends WhereaboutsOptions {
  readonly json?: true;
}

export function addRegionLs(region: Command, setExitCode: SetExitCode): void {
  const command = region
    .command('ls')
    .summary('list the regions')
    .description(
      'Lists the regions of the configuration: those of its services, and those that it attaches. What cannot be reached is listed with the code of the error.',
    )
    .option('--json', 'one JSON document instead of a table');
  addWhereabouts(command)
    .addHelpText(
      'after',
      `
Examples:
  isthmus region ls
  isthmus region ls --json | jq -r '.regions[] | select(.live | not) | .name'
  isthmus region ls --schema feed.schema.ts --path /run/feed.sock

Exit codes:
  0    they are listed
  1    configuration or schema cannot be read
  2    wrong usage
  129  ended by SIGHUP, as are 130 by SIGINT (Ctrl-C) and 143 by SIGTERM`,
    )
    .action(async (options: LsOptions) => {
      checkWhereabouts(options);
      await untilSignal(setExitCode, async (signal) => {
        const regions = await listRegions(await findRegions(options), signal);
        await writeOut(options.json === true ? `${JSON.stringify({ regions }, null, 2)}\n` : textOf(regions));
      });
    });
}

const columns: readonly Column<ListedRegion>[] = [
  { heading: 'NAME', cell: ({ name }) => name },
  { heading: 'STRUCT', cell: ({ struct }) => struct },
  { heading: 'ROWS', cell: ({ key, rows, maxRows }) => (key === null ? '-' : `${rows ?? '?'}/${maxRows}`) },
  { heading: 'WRITABLE', cell: ({ writable }) => yesOrNo(writable) },
  // Of a table, each row has a version of its own.
  {
    heading: 'VERSION',
    cell: ({ key, tag }) => (key === null && tag !== null ? tag.slice(tag.indexOf('-') + 1) : '-'),
  },
  { heading: 'AGE', cell: ({ ageMs }) => (ageMs === null ? '-' : ageText(ageMs)) },
  { heading: 'LIVE', cell: ({ live, problem }) => `${yesOrNo(live)}${problem === null ? '' : ` (${problem})`}` },
];

function textOf(regions: readonly ListedRegion[]): string {
  return regions.length === 0 ? 'there are no regions\n' : table(columns, regions);
}

function yesOrNo(value: boolean | null): string {
  return value === null ? '?' : value ? 'yes' : 'no';
}
