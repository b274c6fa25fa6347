/** Holds the schema's own layout against the compiler's, before anything is written. */
import { IsthmusError } from '@isthmus/schema';
import type { Declaration } from './map-structs.ts';

/**
 * @throws IsthmusError SCHEMA_INVALID for a struct that the language does not take, one that is too large above all, with
 *   every reason; INTERNAL for one that it would lay out in another way.
 */
export function verifyLayouts(declarations: readonly Declaration[]): void {
  const problems = new Set(declarations.flatMap(({ type }) => type.problems));
  if (problems.size > 0) throw new IsthmusError('SCHEMA_INVALID', { detail: [...problems].join('\n') });
  const differences = declarations.flatMap(differencesOf);
  if (differences.length === 0) return;
  const detail = `the schema would not be laid out as the compiler lays out the header:\n${differences.join('\n')}`;
  throw new IsthmusError('INTERNAL', { detail });
}

function differencesOf({ type: { name, layout }, size, fields }: Declaration): string[] {
  const differences = fields.flatMap((field, index) => {
    const placed = layout.fields[index];
    if (placed?.name === field.name && placed.offset === field.offset && placed.size === field.size) return [];
    const schema = `${placed?.size} bytes at ${placed?.offset}`;
    return [`${name}.${field.name}: ${field.size} bytes at ${field.offset}, in the schema ${schema}`];
  });
  if (layout.size !== size) differences.push(`${name}: ${size} bytes, in the schema ${layout.size}`);
  return differences;
}
