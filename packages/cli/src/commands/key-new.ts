/** `isthmus key new`: a key, and the entry for the configuration. */
import { randomBytes } from 'node:crypto';
import { isApiKeyId, isScope, newApiKey } from '@isthmus/gateway';
import { type Command, InvalidArgumentError } from 'commander';
import { exitCodes, type SetExitCode } from '../exit-codes.ts';

interface KeyOptions {
  readonly id?: string;
  readonly scope?: readonly string[];
}

/** Random bytes of an id that nobody chose. */
const ID_BYTES = 4;

export function addKeyNew(parent: Command, setExitCode: SetExitCode): void {
  parent
    .command('new')
    .summary('print a new API key, once, and its hash for the configuration')
    .description(
      'Prints a new API key and, on the line below, its entry for auth.apiKeys of the configuration. The entry has only the hash of the key: nobody can print the key again.',
    )
    .option('--id <name>', 'whose key it is: letters, digits, . and - (default: random)', checked(isApiKeyId))
    .option(
      '--scope <scope...>',
      'what it may do: call:pricing.*, read:feed.market, docs (default: nothing yet)',
      scopes,
    )
    .addHelpText(
      'after',
      `
Examples:
  isthmus key new
  isthmus key new --id panel --scope 'call:pricing.*' read:feed.market

Exit codes:
  0  the key and its entry are on stdout
  2  wrong usage`,
    )
    .action(({ id = randomBytes(ID_BYTES).toString('hex'), scope = [] }: KeyOptions) => {
      const { key, hash } = newApiKey(id);
      process.stdout.write(`${key}\n${JSON.stringify({ id, hash, scopes: scope })}\n`);
      process.stderr.write(
        'Give the first line to the caller, who sends it as Authorization: Bearer; it is shown this once.\n' +
          'Put the second one into auth.apiKeys of isthmus.config.ts, and start the bridge again.\n',
      );
      setExitCode(exitCodes.done);
    });
}

function checked(isValid: (value: string) => boolean): (value: string) => string {
  return (value) => {
    if (isValid(value)) return value;
    throw new InvalidArgumentError('It must be 1 to 64 letters, digits, . and -.');
  };
}

function scopes(value: string, before: readonly string[] = []): readonly string[] {
  if (isScope(value)) return [...before, value];
  throw new InvalidArgumentError(
    'It must be a scope: call:SERVICE.METHOD, call:SERVICE.*, call:*, read:REGION, write:REGION, docs or *.',
  );
}
