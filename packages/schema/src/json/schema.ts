import { acceptedRange, type FloatType, limits, type Struct, type Type } from '../language/types.ts';

/** A JSON Schema document, or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** The largest 64-bit integer that a JSON number can say exactly. */
const { MAX_SAFE_INTEGER } = Number;

/**
 * The JSON Schema (draft 2020-12, as OpenAPI 3.1 uses it) of a struct in JSON form. It holds no references.
 *
 * Two things it cannot say, and the codec alone checks: the length of text is in bytes of UTF-8 there and in characters
 * here, and the range of a 64-bit integer that is written as a string.
 *
 * @param form `input` (the default): what encoding takes; fields with a default are not required, and a 64-bit integer
 *   may be a number where that is exact. `output`: what decoding gives; every field is there, 64-bit integers are strings.
 */
export function jsonSchemaOf(type: Struct, form: 'input' | 'output' = 'input'): JsonSchema {
  return structSchema(type, form);
}

function structSchema(type: Struct, form: 'input' | 'output'): JsonSchema {
  const { fields } = type.layout;
  const required = fields.filter(({ type: fieldType }) => {
    return form === 'output' || fieldType.kind === 'struct' || fieldType.default === undefined;
  });
  return {
    title: type.name,
    ...described(type.fieldDescription ?? type.description),
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, schemaOf(field.type, form)])),
    required: required.map(({ name }) => name),
    additionalProperties: false,
  };
}

function schemaOf(type: Type, form: 'input' | 'output'): JsonSchema {
  switch (type.kind) {
    case 'struct':
      return structSchema(type, form);
    case 'bool':
      return { type: 'boolean', ...annotated(type) };
    case 'enum':
      return {
        title: type.name,
        type: 'string',
        enum: type.values,
        ...described(type.fieldDescription ?? type.description),
        ...defaulted(type.default),
      };
    case 'text':
      return { type: 'string', maxLength: type.capacity, pattern: '^[^\\u0000]*$', ...annotated(type) };
    case 'i64':
    case 'u64':
      return form === 'output'
        ? { ...decimalString(type), ...annotated(type) }
        : { ...exact(type), ...annotated(type) };
    case 'f32':
    case 'f64':
      return { type: 'number', ...bounds(type), ...annotated(type) };
    default:
      return { type: 'integer', minimum: type.min, maximum: type.max, ...annotated(type) };
  }
}

/** JSON has nothing beyond the range of f64, so there only a narrowed bound says something. */
function bounds(type: FloatType): JsonSchema {
  const { min, max } = acceptedRange(type);
  return {
    ...(min > limits.f64.min ? { minimum: min } : {}),
    ...(max < limits.f64.max ? { maximum: max } : {}),
  };
}

interface BigRange {
  readonly min: bigint;
  readonly max: bigint;
}

function decimalString({ min }: BigRange): JsonSchema {
  return { type: 'string', pattern: min < 0n ? '^(0|-?[1-9][0-9]{0,18})$' : '^(0|[1-9][0-9]{0,19})$' };
}

/** A decimal string, or a number within what JSON readers keep exactly. */
function exact(range: BigRange): JsonSchema {
  const minimum = Math.max(Number(range.min), -MAX_SAFE_INTEGER);
  const maximum = Math.min(Number(range.max), MAX_SAFE_INTEGER);
  // A range that lies beyond the exact numbers altogether leaves the string alone.
  if (minimum > maximum) return decimalString(range);
  return { oneOf: [decimalString(range), { type: 'integer', minimum, maximum }] };
}

function annotated(type: { readonly description: string | undefined; readonly default?: unknown }): JsonSchema {
  return { ...described(type.description), ...defaulted(type.default) };
}

function described(description: string | undefined): JsonSchema {
  return description === undefined ? {} : { description };
}

function defaulted(value: unknown): JsonSchema {
  if (value === undefined) return {};
  return { default: typeof value === 'bigint' ? value.toString() : value };
}
