/** JSON Merge Patch (RFC 7396). */
import { pointerStep } from '@isthmus/codecs';
import { IsthmusError, MAX_DEPTH } from '@isthmus/schema';

/**
 * What a patch makes of a JSON value: members of the patch replace those of the target, `null` removes them, objects are
 * merged member by member, and whatever is not an object takes the target's place. Neither is changed.
 *
 * @throws IsthmusError `INVALID_INPUT` for a patch that is nested deeper than any value of a schema is.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  return merged(target, patch, '', 0);
}

function merged(target: unknown, patch: unknown, pointer: string, depth: number): unknown {
  if (!isObject(patch)) return patch;
  if (depth > MAX_DEPTH) {
    const message = `is more than ${MAX_DEPTH} objects deep`;
    throw new IsthmusError('INVALID_INPUT', { detail: `${pointer} ${message}`, fields: [{ pointer, message }] });
  }
  // A map, and Object.fromEntries: a member named __proto__ stays one like any other.
  const members = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, merged(members.get(name), value, pointer + pointerStep(name), depth + 1));
  }
  return Object.fromEntries(members);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
