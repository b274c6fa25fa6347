import { manyOf, oneOf } from '@isthmus/gateway';
import { UsageError } from './exit-codes.ts';
import { parseJson } from './parse-json.ts';
import { writeJson, writeOut } from './stdout.ts';
import type { Target } from './target.ts';

/**
 * Makes one call and writes its output to stdout: JSON, in one line unless a person reads it. Several replies are a line each,
 * written as they come. Of a call without replies there is nothing to write.
 *
 * @throws IsthmusError MALFORMED_BODY when `json` is no JSON, and what the call fails with.
 */
export async function callOnce(
  { method, client, timeoutMs }: Target,
  json: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (json === undefined && method.input !== undefined) {
    throw new UsageError(`${method.name} takes an input: give it as JSON, or rows of it with --input`);
  }
  const input = json === undefined ? undefined : parseJson(json);
  const options = { timeoutMs, signal };
  switch (method.replies) {
    case 'one':
      await writeJson((await oneOf(client.json(input, options))) ?? {});
      return;
    case 'many':
      for await (const text of manyOf(client.jsonText(input, options))) {
        if (!(await writeOut(`${text}\n`))) return;
      }
      return;
    case 'none':
      await oneOf(client.json(input, options));
  }
}
