/** `isthmus schema diff`: what has changed between two versions of a schema, and whether it is safe. */
import { type Change, compareSchemas } from '@isthmus/schema';
import type { Command } from 'commander';
import { colours } from '../colours.ts';
import { exitCodes, type SetExitCode } from '../exit-codes.ts';
import { readSchema } from '../schema-source.ts';

interface DiffOptions {
  readonly service?: string;
  readonly json?: true;
}

export function addSchemaDiff(schema: Command, setExitCode: SetExitCode): void {
  schema
    .command('diff')
    .summary('say what has changed, and whether it is safe')
    .description(
      'Compares two versions of a schema, and says of each change whether programs of the old version go on as they were. OLD and NEW are each a schema file, a file with the text that isthmus schema text prints, the socket of an instance, or a folder of sockets.',
    )
    .argument('<old>', 'the version in use')
    .argument('<new>', 'the version that is to replace it')
    .option('--service <name>', 'which one, of a schema file that exports several services')
    .option('--json', 'one JSON document instead of lines')
    .addHelpText(
      'after',
      `
Examples:
  isthmus schema diff old.schema.ts tank.schema.ts
  isthmus schema diff tank.schema.txt tank.schema.ts --json
  isthmus schema diff /run/tank.sock tank.schema.ts     what runs, against what is to come

Exit codes:
  0  nothing has changed, or all that has is safe
  1  a change is a break, or a schema cannot be read
  2  wrong usage`,
    )
    .action(async (old: string, young: string, { service, json }: DiffOptions) => {
      const before = await readSchema(old, service);
      const after = await readSchema(young, service);
      const changes = compareSchemas(before, after);
      const breaks = changes.filter(({ verdict }) => verdict === 'break');
      const safe = changes.filter(({ verdict }) => verdict === 'safe');
      const sorted = [...breaks, ...safe];
      process.stdout.write(json === true ? jsonOf(sorted) : textOf(breaks, safe));
      setExitCode(breaks.length > 0 ? exitCodes.failed : exitCodes.done);
    });
}

function jsonOf(changes: readonly Change[]): string {
  const verdict = changes.length === 0 ? 'same' : changes[0]?.verdict;
  const listed = changes.map(({ rule, verdict, place, before = null, after = null, reason, isAdaptable }) => {
    return { rule, verdict, place, before, after, reason, adaptable: isAdaptable };
  });
  return `${JSON.stringify({ verdict, changes: listed }, null, 2)}\n`;
}

function textOf(breaks: readonly Change[], safe: readonly Change[]): string {
  if (breaks.length + safe.length === 0) return 'nothing has changed\n';
  const counts = `${countOf(breaks.length, 'break')}, ${countOf(safe.length, 'safe change')}`;
  return `${[...breaks, ...safe].map(lineOf).join('\n')}\n${counts}\n`;
}

function lineOf({ verdict, place, before, after, reason }: Change): string {
  const { red, green, dim } = colours(process.stdout);
  const word = verdict === 'break' ? red('break') : green('safe ');
  return `${word}  ${place}: ${whatOf(before, after)}\n${dim(`       ${reason}`)}`;
}

function whatOf(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return after === 'defined' ? 'added' : `added, ${after}`;
  if (after === undefined) return before === 'defined' ? 'removed' : `removed, was ${before}`;
  return `${before} -> ${after}`;
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
