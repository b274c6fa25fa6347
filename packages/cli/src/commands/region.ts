/** `isthmus region`: what lies in shared memory, seen and set from a shell. */
import type { Command } from 'commander';
import type { SetExitCode } from '../exit-codes.ts';
import { addRegionGet } from './region-get.ts';
import { addRegionLs } from './region-ls.ts';
import { addRegionSet } from './region-set.ts';
import { addRegionWatch } from './region-watch.ts';

export function addRegion(program: Command, setExitCode: SetExitCode): void {
  const region = program
    .command('region')
    .summary('list, read, write and watch regions')
    .description(
      'State in shared memory: that of the services, and what other programs have, as the configuration attaches it.',
    );
  for (const add of [addRegionLs, addRegionGet, addRegionSet, addRegionWatch]) add(region, setExitCode);
}
