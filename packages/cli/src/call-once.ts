import { IsthmusError } from '@isthmus/schema';
import { UsageError } from './exit-codes.ts';
import type { Target } from './target.ts';

/**
 * Makes one call and writes its output to stdout: JSON, in one line unless a person reads it.
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
  const output = await client.json(json === undefined ? undefined : parse(json), { timeoutMs, signal });
  process.stdout.write(`${JSON.stringify(output ?? {}, null, process.stdout.isTTY ? 2 : 0)}\n`);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new IsthmusError('MALFORMED_BODY', { detail: cause instanceof Error ? cause.message : String(cause), cause });
  }
}
