/**
 * Names in protobuf's style. protoc refuses two names that its generated code or its JSON could not tell apart, such as `a_b` and `ab`
 * of two fields; the later one of such gets a number.
 */
import { type Enumeration, snakeCase } from '@isthmus/schema';

/** The names of an enumeration's values, in order. All enumerations of a file share one scope, so its own name is before each. */
export function enumeratorNames({ name, values }: Enumeration): readonly string[] {
  const own = values.map((value) => snakeCase(value).toUpperCase());
  return distinct(own, pascalCase).map((value) => `${snakeCase(name).toUpperCase()}_${value}`);
}

/** The names of fields, in order. */
export function fieldNames(fields: readonly { readonly name: string }[]): readonly string[] {
  const own = fields.map(({ name }) => snakeCase(name));
  return distinct(own, (name) => name.replaceAll('_', ''));
}

/** What protobuf's own JSON calls a field. */
export function jsonName(field: string): string {
  return field.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Adds numbers to the later ones of names that have the same key. */
function distinct(names: readonly string[], keyOf: (name: string) => string): readonly string[] {
  const keys = new Set<string>();
  return names.map((name) => {
    let candidate = name;
    for (let number = 2; keys.has(keyOf(candidate)); number++) candidate = `${name}_${number}`;
    keys.add(keyOf(candidate));
    return candidate;
  });
}

function pascalCase(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}
