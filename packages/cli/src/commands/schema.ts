/** `isthmus schema`: what can be done with schemas beside running them, one sub-command a file. */
import type { Command } from 'commander';
import type { SetExitCode } from '../exit-codes.ts';
import { addSchemaDiff } from './schema-diff.ts';
import { addSchemaFromC } from './schema-from-c.ts';
import { addSchemaText } from './schema-text.ts';

export function addSchema(program: Command, setExitCode: SetExitCode): void {
  const schema = program
    .command('schema')
    .summary('make and compare schemas')
    .description('Makes and compares schemas.');
  // In the order in which help and docs/cli.md list them.
  for (const add of [addSchemaDiff, addSchemaText, addSchemaFromC]) add(schema, setExitCode);
}
