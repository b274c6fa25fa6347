/** `isthmus schema text`: a schema as programs tell it to each other. */
import type { Command } from 'commander';
import { readSchema } from '../schema-source.ts';

export function addSchemaText(schema: Command): void {
  schema
    .command('text')
    .summary('print the text of a schema, to be compared later')
    .description(
      'Prints the canonical text of a schema: all that two programs must agree on, and nothing else. Its SHA-256 is what they compare. SCHEMA is a schema file, the socket of an instance, or a folder of sockets.',
    )
    .argument('<schema>', 'where it is')
    .option('--service <name>', 'which one, of a schema file that exports several services')
    .addHelpText(
      'after',
      `
Examples:
  isthmus schema text tank.schema.ts > tank.schema.txt
  isthmus schema text /run/tank.sock

Exit codes:
  0  it is printed
  1  the schema cannot be read
  2  wrong usage`,
    )
    .action(async (source: string, { service }: { readonly service?: string }) => {
      process.stdout.write((await readSchema(source, service)).text);
    });
}
