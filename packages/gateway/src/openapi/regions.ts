/** Regions in the OpenAPI document: the list, values and rows. */
import { jsonSchemaOf } from '@isthmus/schema';
import { JSON_TYPE, OCTETS_TYPE } from '../http/media-type.ts';
import { REGION_PREFIX, regionSchemaName } from '../http/region-routes.ts';
import { MERGE_PATCH_TYPE } from '../http/region-writes.ts';
import { WATCH_PATH } from '../http/watch-route.ts';
import type { RowForms } from '../regions/row-forms.ts';
import type { ServedRegion } from '../regions/served-region.ts';
import { exampleOf } from './example.ts';
import { problemResponses, readErrorsOf, writeErrorsOf } from './problems.ts';
import { keyParameter, keyQuery, methodNotAllowed, operationId } from './region-parts.ts';
import { socketOperation, watchOperation } from './watches.ts';

export function regionComponents(regions: readonly ServedRegion[]): Record<string, object> {
  return {
    RegionList: listSchema,
    ...Object.fromEntries(
      regions.flatMap((served) => {
        const { struct } = served.forms;
        const read = [regionSchemaName(served), jsonSchemaOf(struct, 'output')] as const;
        return served.isWritable ? [read, [inputSchemaName(served), jsonSchemaOf(struct, 'input')] as const] : [read];
      }),
    ),
  };
}

export function regionPaths(regions: readonly ServedRegion[], prefix: string): Record<string, object> {
  const paths: Record<string, object> = {
    [`${prefix}${REGION_PREFIX}`]: {
      get: {
        operationId: 'regions',
        summary: 'The regions',
        tags: ['gateway'],
        responses: {
          '200': {
            description: 'What there is, and how it is reached.',
            content: { [JSON_TYPE]: { schema: reference('RegionList') } },
          },
          '405': methodNotAllowed,
        },
      },
    },
    [`${prefix}${WATCH_PATH}`]: { get: socketOperation },
  };
  for (const served of regions) {
    const path = `${prefix}${REGION_PREFIX}/${served.name}`;
    if (served.rows === undefined) {
      paths[path] = valueOperations(served, 'value');
      paths[`${path}/watch`] = { get: watchOperation(served, false) };
      continue;
    }
    paths[path] = { get: tableOperation(served), ...writeOperations(served, 'table') };
    paths[`${path}/watch`] = { get: watchOperation(served, false) };
    paths[`${path}/{key}`] = { parameters: [keyParameter(served)], ...valueOperations(served, 'row') };
    paths[`${path}/{key}/watch`] = { parameters: [keyParameter(served)], get: watchOperation(served, true) };
  }
  return paths;
}

function inputSchemaName(served: ServedRegion): string {
  return regionSchemaName(served).replace(/output$/, 'input');
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

/** What a path is about: a region of one row, a row, or a whole table, where `key` in the query names a row. */
type Place = 'value' | 'row' | 'table';

const ids = {
  value: { put: 'put', patch: 'patch' },
  row: { put: 'putRow', patch: 'patchRow' },
  table: { put: 'putByKey', patch: 'patchByKey' },
} as const;

/** Of a region of one row, or of one row of a table. */
function valueOperations(served: ServedRegion, place: 'value' | 'row'): object {
  const isRow = place === 'row';
  const get = {
    operationId: operationId(served, isRow ? 'getRow' : 'get'),
    summary: isRow ? `A row of ${served.name}` : (served.description ?? served.name),
    tags: ['regions'],
    parameters: [ifNoneMatch],
    responses: {
      '200': valueResponse(served, 'The latest value.'),
      '304': { description: 'It is the one that `If-None-Match` names.' },
      ...problemResponses(readErrorsOf(served)),
      '405': methodNotAllowed,
    },
  };
  return { get, ...writeOperations(served, place) };
}

function writeOperations(served: ServedRegion, place: Place): object {
  if (!served.isWritable) return {};
  const { struct } = served.forms;
  const what = place === 'value' ? served.name : `a row of ${served.name}`;
  const common = {
    tags: ['regions'],
    parameters: [...(place === 'table' ? [{ ...keyQuery(served), required: true }] : []), ifMatch, ifNoneMatch],
  };
  const responses = {
    '200': valueResponse(served, 'It is written: as it is now.'),
    ...problemResponses(writeErrorsOf(served)),
    '405': methodNotAllowed,
  };
  return {
    put: {
      operationId: operationId(served, ids[place].put),
      summary: `Writes ${what}${place === 'value' ? '' : ', or adds it'}`,
      ...common,
      requestBody: {
        required: true,
        content: {
          [JSON_TYPE]: { schema: reference(inputSchemaName(served)), example: exampleOf(struct) },
          [OCTETS_TYPE]: { schema: octets(served) },
        },
      },
      responses: place === 'value' ? responses : { ...responses, '201': valueResponse(served, 'The row is new.') },
    },
    patch: {
      operationId: operationId(served, ids[place].patch),
      summary: `Changes some fields of ${what}`,
      description: 'JSON Merge Patch (RFC 7396): fields that are named replace those that are there; null removes.',
      ...common,
      requestBody: { required: true, content: { [MERGE_PATCH_TYPE]: { schema: patchSchema(served.forms) } } },
      responses,
    },
  };
}

function valueResponse(served: ServedRegion, description: string): object {
  return { description, headers: valueHeaders(served), content: valueContent(served) };
}

/** Any of the fields; null takes away what is optional or has a default. Of one with fields of its own again any of them. */
function patchSchema({ struct }: RowForms): object {
  const { properties } = jsonSchemaOf(struct, 'input');
  const patched = struct.layout.fields.map(({ name, type, presence }) => {
    if (type.kind === 'struct' || type.kind === 'union') return [name, { type: 'object' }];
    const property: unknown = Reflect.get(Object(properties), name);
    const isRemovable = presence !== undefined || type.default !== undefined;
    return [name, isRemovable ? { anyOf: [property, { type: 'null' }] } : property];
  });
  return { type: 'object', properties: Object.fromEntries(patched), additionalProperties: false };
}

function tableOperation(served: ServedRegion): object {
  return {
    operationId: operationId(served, 'list'),
    summary: served.description ?? served.name,
    description: 'All rows, in the order in which they were added.',
    tags: ['regions'],
    parameters: [keyQuery(served), ifNoneMatch],
    responses: {
      '200': {
        description: 'The rows, or the one that `key` names.',
        headers: valueHeaders(served),
        content: {
          [JSON_TYPE]: {
            schema: {
              anyOf: [
                { type: 'array', items: reference(regionSchemaName(served)) },
                reference(regionSchemaName(served)),
              ],
            },
          },
          [OCTETS_TYPE]: {
            schema: { type: 'string', format: 'binary', description: 'The C structs, one after the other.' },
          },
        },
      },
      '304': { description: 'They are the ones that `If-None-Match` names.' },
      ...problemResponses(readErrorsOf(served)),
      '405': methodNotAllowed,
    },
  };
}

function valueContent(served: ServedRegion): object {
  const { struct } = served.forms;
  return {
    [JSON_TYPE]: { schema: reference(regionSchemaName(served)), example: exampleOf(struct) },
    [OCTETS_TYPE]: { schema: octets(served) },
  };
}

function octets({ forms }: ServedRegion): object {
  const { size } = forms.struct.layout;
  const description = `The C struct: ${size} bytes.`;
  return { type: 'string', format: 'binary', description, minLength: size, maxLength: size };
}

function valueHeaders({ service }: ServedRegion): object {
  const text = { type: 'string' };
  return {
    etag: { description: 'The version.', schema: text },
    'isthmus-owner': {
      description: '`gone` where the owner is not there and this is the last it wrote.',
      schema: { ...text, enum: ['gone'] },
    },
    ...(service !== undefined && { 'last-modified': { description: 'When it was written.', schema: text } }),
  };
}

const tags = { type: 'string', examples: ['"1f00d-42"'] };
const ifMatch = {
  name: 'if-match',
  in: 'header',
  description: 'Write only if the version is one of these; `*`: if there is one.',
  schema: tags,
};
const ifNoneMatch = {
  name: 'if-none-match',
  in: 'header',
  description: 'Only if the version is none of these; `*`: if there is none.',
  schema: tags,
};

const listSchema = {
  type: 'object',
  required: ['regions'],
  properties: {
    regions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'struct', 'schema', 'writable', 'live', 'path', 'watch'],
        properties: {
          name: { type: 'string' },
          description: { type: 'string' },
          struct: { type: 'string', description: 'The name of the struct.' },
          schema: {
            type: 'object',
            required: ['$ref'],
            properties: { $ref: { type: 'string' } },
            description: 'Its JSON Schema.',
          },
          key: { type: 'string', description: 'Of a table: the field that tells rows apart.' },
          rows: { type: 'integer', description: 'Of a table: the most rows.' },
          writable: { type: 'boolean' },
          live: { type: 'boolean', description: 'Whether its owner is there.' },
          path: { type: 'string' },
          watch: { type: 'string' },
        },
      },
    },
  },
};
