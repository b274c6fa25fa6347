import { IsthmusError } from '@isthmus/schema';

/** A value that was given as JSON on the command line. @throws IsthmusError MALFORMED_BODY */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IsthmusError('MALFORMED_BODY', { detail: cause instanceof Error ? cause.message : String(cause), cause });
  }
}
