import { duplicateFields, hasDuplicateNames } from '@isthmus/codecs';
import { IsthmusError } from '@isthmus/schema';

/**
 * A value that was given as JSON on the command line.
 *
 * @throws IsthmusError MALFORMED_BODY; INVALID_INPUT for names that are given twice, of which one would be lost, as over HTTP.
 */
export function parseJson(text: string): unknown {
  const value = parsed(text);
  const fields = hasDuplicateNames(text, value) ? duplicateFields(text) : [];
  if (fields.length > 0) throw new IsthmusError('INVALID_INPUT', { detail: 'a field is given twice', fields });
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IsthmusError('MALFORMED_BODY', { detail: cause instanceof Error ? cause.message : String(cause), cause });
  }
}
