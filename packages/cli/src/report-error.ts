/** How errors look on a terminal: the code, what happened, what to do. */
import { errors, IsthmusError } from '@isthmus/schema';
import { colours } from './colours.ts';
import { UsageError } from './exit-codes.ts';

/** Several lines, without a line feed at the end. */
export function describeError(error: unknown): string {
  const { red, dim } = colours(process.stderr);
  if (error instanceof IsthmusError) {
    const fields = error.fields.map(
      ({ pointer, message }) => `\n  ${pointer === '' ? '(the whole input)' : pointer}: ${message}`,
    );
    return `${red(`isthmus: ${error.code}`)}: ${messageOf(error)}${fields.join('')}\n${dim(`  ${error.action}`)}`;
  }
  if (error instanceof UsageError) return `${red('isthmus')}: ${error.message}\n${dim('  See isthmus --help.')}`;
  // Anything else is a bug of ours or of the user's own code: the stack says where.
  return `${red('isthmus')}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/** The problems of a schema below each other, each beginning with its file, as compilers do it. */
function messageOf({ code, message, detail }: IsthmusError): string {
  return code === 'SCHEMA_INVALID' && detail.includes('\n') ? `${errors[code].message}:\n${detail}` : message;
}
