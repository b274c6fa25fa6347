/** Reads a JSON body: strictly one document, UTF-8, no name twice in one object. */
import { isUtf8 } from 'node:buffer';
import { duplicateFields, hasDuplicateNames } from '@isthmus/codecs';
import { IsthmusError } from '@isthmus/schema';

/**
 * The value of a JSON body, or undefined for an empty one.
 *
 * `__proto__` and the like come out as own properties, as `JSON.parse` makes them, and the codec refuses them as unknown
 * fields by name; nothing here copies properties from one object to another. A name given twice is refused because two
 * readers of the same body (a proxy that checks, a service that acts) could each see another value.
 *
 * @throws IsthmusError `MALFORMED_BODY`, or `INVALID_INPUT` that names each field given twice.
 */
export function parseJsonBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw malformed('the body is not valid UTF-8', undefined);
  const text = body.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const twice = hasDuplicateNames(text, value) ? duplicateFields(text) : [];
  if (twice.length > 0) throw new IsthmusError('INVALID_INPUT', { detail: 'a field is given twice', fields: twice });
  return value;
}

function malformed(message: string, cause: unknown): IsthmusError {
  return new IsthmusError('MALFORMED_BODY', { detail: message, cause, fields: [{ pointer: '', message }] });
}
