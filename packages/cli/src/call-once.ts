import { once } from 'node:events';
import { manyOf, oneOf } from '@isthmus/gateway';
import { IsthmusError } from '@isthmus/schema';
import { UsageError } from './exit-codes.ts';
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
  const input = json === undefined ? undefined : parse(json);
  const options = { timeoutMs, signal };
  switch (method.replies) {
    case 'one': {
      const output = await oneOf(client.json(input, options));
      await write(`${JSON.stringify(output ?? {}, null, process.stdout.isTTY ? 2 : 0)}\n`);
      return;
    }
    case 'many':
      for await (const text of manyOf(client.jsonText(input, options))) await write(`${text}\n`);
      return;
    case 'none':
      await oneOf(client.json(input, options));
  }
}

/** At the pace of whoever reads. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new IsthmusError('MALFORMED_BODY', { detail: cause instanceof Error ? cause.message : String(cause), cause });
  }
}
