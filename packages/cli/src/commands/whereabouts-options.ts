/** The options by which commands about regions are told whom to ask. */
import type { Command } from 'commander';
import { UsageError } from '../exit-codes.ts';
import type { WhereaboutsOptions } from '../whereabouts.ts';

export function addWhereabouts(command: Command): Command {
  return command
    .option('--path <socket>', 'ask the instances behind this socket, or in this folder of sockets')
    .option('-c, --config <file>', 'configuration (default: isthmus.config.ts in this folder)')
    .option('--schema <file>', 'schema file, instead of a configuration');
}

export function checkWhereabouts({ config, schema }: WhereaboutsOptions): void {
  if (config !== undefined && schema !== undefined) throw new UsageError('give either --config or --schema, not both');
}
