import { checkType } from './check.ts';
import { layoutOf } from './layout.ts';
import { checkMemberName, checkTypeName } from './names.ts';
import { checkOptions, schemaInvalid } from './options.ts';
import { type Fields, MAX_STRUCT_BYTES, type Struct } from './types.ts';

/**
 * A group of fields, laid out in memory as C lays out the struct that the generated header declares.
 *
 * @param name In PascalCase; the C name is snake_case with the service as prefix.
 * @param fields At least one; names in camelCase. The order is the order in memory.
 * @throws IsthmusError `SCHEMA_INVALID` that names the struct and the field.
 */
export function struct<F extends Fields>(
  name: string,
  fields: F,
  options: { readonly description?: string } = {},
): Struct<F> {
  const place = `struct ${name}`;
  checkTypeName(place, name);
  checkOptions(place, options, ['description']);
  if (typeof fields !== 'object' || fields === null || Object.keys(fields).length === 0) {
    throw schemaInvalid(`${place}: it needs at least one field`);
  }
  for (const [key, type] of Object.entries(fields)) {
    const fieldPlace = `${place}, field ${key}`;
    checkMemberName(fieldPlace, key);
    checkType(fieldPlace, type);
  }
  const layout = layoutOf(fields);
  if (layout.size > MAX_STRUCT_BYTES) {
    throw schemaInvalid(`${place}: it takes ${layout.size} bytes, and ${MAX_STRUCT_BYTES} is the most`);
  }
  return Object.freeze({
    kind: 'struct',
    name,
    fields: Object.freeze({ ...fields }),
    description: options.description,
    fieldDescription: undefined,
    layout,
  });
}
