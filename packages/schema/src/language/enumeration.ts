import { checkTypeName, checkValueName } from './names.ts';
import { checkOptions, schemaInvalid } from './options.ts';
import type { Enumeration } from './types.ts';

/**
 * One of several names. C: an `enum` of 4 bytes, counted from 0 in the order given. TypeScript and JSON: the name.
 *
 * @throws IsthmusError `SCHEMA_INVALID` for a bad name, no values, or a value given twice.
 * @example const OptionKind = enumeration('OptionKind', ['call', 'put']);
 */
export function enumeration<const Value extends string>(
  name: string,
  values: readonly Value[],
  options: { readonly description?: string } = {},
): Enumeration<Value, undefined> {
  const place = `enumeration ${name}`;
  checkTypeName(place, name);
  checkOptions(place, options, ['description']);
  if (values.length === 0) throw schemaInvalid(`${place}: it needs at least one value`);
  const seen = new Set<string>();
  for (const value of values) {
    checkValueName(`${place}, value ${JSON.stringify(value)}`, value);
    if (seen.has(value)) throw schemaInvalid(`${place}: the value ${value} is there twice`);
    seen.add(value);
  }
  return Object.freeze({
    kind: 'enum',
    name,
    values: Object.freeze([...values]),
    description: options.description,
    fieldDescription: undefined,
    default: undefined,
  });
}
