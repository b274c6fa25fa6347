/** What an import of a schema file threw, in words that name the file. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IsthmusError } from '@isthmus/schema';

/** Where the schema language itself is: what calls it is what the user wrote. */
const language = new URL('.', import.meta.resolve('@isthmus/schema')).href;

/**
 * The SCHEMA_INVALID to show for an error that importing a module threw: every problem with the file that it is in, a line each.
 * `undefined` for an error that has nothing to do with a schema.
 *
 * @param file What was imported, for an error that does not say which file it came from; as it is to be shown.
 */
export function schemaProblem(cause: unknown, file: string): IsthmusError | undefined {
  if (cause instanceof IsthmusError && cause.code === 'SCHEMA_INVALID') {
    const place = placeOf(cause)?.file ?? file;
    const detail = cause.detail.replaceAll(/^/gm, `${place}: `);
    return new IsthmusError('SCHEMA_INVALID', { detail, cause });
  }
  if (!(cause instanceof ReferenceError)) return undefined;
  const [, name] = usedTooEarly.exec(cause.message) ?? [];
  if (name === undefined) return undefined;
  const { file: from, line } = placeOf(cause) ?? { file, line: '' };
  const advice =
    'A type is declared before it is used, and cannot contain itself, not even through others: for a tree or a graph, ' +
    'put all nodes into one list and let them refer to each other by their places in it.';
  return new IsthmusError('SCHEMA_INVALID', {
    detail: `${from}${line}: ${name} is used before it is declared. ${advice}`,
    cause,
  });
}

/** V8's words for `const Node = struct('Node', { children: list(Node) })`. */
const usedTooEarly = /^Cannot access '([^']+)' before initialization$/;

/** The user's own line from which an error came, if its stack tells. */
function placeOf({ stack = '' }: Error): { readonly file: string; readonly line: string } | undefined {
  for (const [, url = '', line = ''] of stack.matchAll(/(file:\/\/[^\s()]+?)(:\d+):\d+\)?$/gm)) {
    if (url.startsWith(language) || url.includes('/node_modules/')) continue;
    return { file: relative('', fileURLToPath(url)), line };
  }
  return undefined;
}
