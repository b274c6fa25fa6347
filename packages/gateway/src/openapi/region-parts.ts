/** What all operations on regions have in the OpenAPI document. */
import { jsonSchemaOf } from '@isthmus/schema';
import type { ServedRegion } from '../regions/served-region.ts';

export const methodNotAllowed = { $ref: '#/components/responses/methodNotAllowed' };

/** No method's name has an underscore, and no service's a dot: so no two operations have one id. */
export function operationId({ name, service }: ServedRegion, what: string): string {
  return service === undefined ? `${name}.${what}` : `${name.replace('.', '_')}_${what}`;
}

/** The key's JSON form, without its quotes. */
function keySchema({ forms }: ServedRegion): unknown {
  const { properties } = jsonSchemaOf(forms.struct, 'output');
  return Reflect.get(Object(properties), forms.key?.name ?? '');
}

export function keyParameter(served: ServedRegion): object {
  return { name: 'key', in: 'path', required: true, description: 'The key of the row.', schema: keySchema(served) };
}

export function keyQuery(served: ServedRegion): object {
  return {
    name: 'key',
    in: 'query',
    description: 'One row: the other spelling of the path, for keys that a path cannot say.',
    schema: keySchema(served),
  };
}
