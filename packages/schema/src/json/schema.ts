import type { Payload } from '../language/call.ts';
import {
  acceptedRange,
  type BigintType,
  type Enumeration,
  type FloatType,
  limits,
  MAX_MESSAGE_BYTES,
  type Struct,
  type Tail,
  type Union,
  type ValueType,
} from '../language/types.ts';
import { annotations } from './annotations.ts';
import {
  base64Length,
  base64Pattern,
  decimalPattern,
  durationPattern,
  integerPattern,
  textPattern,
  timestampPattern,
} from './patterns.ts';

/** A JSON Schema document, or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** `input`: what encoding takes. `output`: what decoding gives. */
type Form = 'input' | 'output';

/** The largest 64-bit integer that a JSON number can say exactly. */
const { MAX_SAFE_INTEGER } = Number;

/** The most that 32 bits hold: the number of a value of an enumeration. */
const MAX_U32 = limits.u32.max;

/**
 * The JSON Schema (draft 2020-12, as OpenAPI 3.1 uses it) of a struct, or of `bytes()`, in JSON form. It holds no references. A
 * unit is in the description and, for programs, in a keyword `x-unit`, of which strict validators must be told: in Ajv,
 * `addVocabulary(['x-unit'])`.
 *
 * What it cannot say the codec alone checks: text and bytes are measured in bytes there and in characters here, numbers that
 * are written as strings have a range, a month has its days.
 *
 * @param form `input` (the default): what encoding takes; fields with a default are not required, and a 64-bit integer
 *   may be a number where that is exact. `output`: what decoding gives; every field is there that is not optional, 64-bit
 *   integers are strings.
 */
export function jsonSchemaOf(type: Payload, form: Form = 'input'): JsonSchema {
  return schemaOf(type, form);
}

/** Of a field, with its default; of an element of an array or a list, whose default is not used, without it. */
function schemaOf(type: ValueType, form: Form, isElement = false): JsonSchema {
  const named = 'name' in type ? { title: type.name } : {};
  return { ...named, ...annotations(type, { isElement }), ...rulesOf(type, form) };
}

function rulesOf(type: ValueType, form: Form): JsonSchema {
  switch (type.kind) {
    case 'struct':
      return objectOf(type, form);
    case 'union':
      return unionOf(type, form);
    case 'bool':
      return { type: 'boolean' };
    case 'enum':
      return enumerationOf(type);
    case 'flags':
      return { type: 'array', items: { type: 'string', enum: type.values }, uniqueItems: true };
    case 'text':
      return { type: 'string', maxLength: type.capacity, pattern: textPattern };
    case 'textTail':
      return { type: 'string', ...most('maxLength', type), pattern: textPattern };
    case 'bytes': {
      const length = base64Length(type.length);
      return { ...base64(base64Pattern(type.length)), minLength: length, maxLength: length };
    }
    case 'bytesTail':
      return { ...base64(base64Pattern(undefined)), ...most('maxLength', type, base64Length(type.max)) };
    case 'array':
      return { ...arrayOf(type.element, form), minItems: type.length, maxItems: type.length };
    case 'list':
      return { ...arrayOf(type.element, form), ...most('maxItems', type) };
    case 'i64':
    case 'u64':
      return form === 'output' ? integerText(type) : integerOrText(type);
    case 'decimal':
      return { type: 'string', pattern: decimalPattern(type.scale, form === 'output') };
    case 'timestamp':
      return { type: 'string', format: 'date-time', pattern: timestampPattern(form === 'output') };
    case 'duration':
      return { type: 'string', pattern: durationPattern(form === 'output') };
    case 'f32':
    case 'f64':
      return { type: 'number', ...floatBounds(type) };
    default:
      return { type: 'integer', minimum: type.min, maximum: type.max };
  }
}

function objectOf(type: Struct, form: Form, own: JsonSchema = {}): JsonSchema {
  const { fields } = type.layout;
  const required = fields.filter(({ type: fieldType, presence }) => {
    return presence === undefined && (form === 'output' || fieldType.default === undefined);
  });
  return {
    type: 'object',
    properties: { ...own, ...Object.fromEntries(fields.map((field) => [field.name, schemaOf(field.type, form)])) },
    required: [...Object.keys(own), ...required.map(({ name }) => name)],
    additionalProperties: false,
  };
}

/** Each variant says its `kind`, which is all that readers need to tell them apart. */
function unionOf(type: Union, form: Form): JsonSchema {
  return {
    type: 'object',
    oneOf: Object.entries(type.variants).map(([kind, variant]) => ({
      title: variant.name,
      ...annotations(variant),
      ...objectOf(variant, form, { kind: { type: 'string', const: kind } }),
    })),
  };
}

function enumerationOf({ values, open }: Enumeration): JsonSchema {
  const named = { type: 'string', enum: values };
  return open ? { anyOf: [named, { type: 'integer', minimum: values.length, maximum: MAX_U32 }] } : named;
}

function arrayOf(element: ValueType, form: Form): JsonSchema {
  return { type: 'array', items: schemaOf(element, form, true) };
}

function base64(pattern: string): JsonSchema {
  return { type: 'string', contentEncoding: 'base64', pattern };
}

/** The bound of something behind the fixed part, where the schema gives one. */
function most(keyword: string, { max }: Tail, value: number = max): JsonSchema {
  return max < MAX_MESSAGE_BYTES ? { [keyword]: value } : {};
}

/** JSON has nothing beyond the range of f64, so there only a narrowed bound says something. */
function floatBounds(type: FloatType): JsonSchema {
  const { min, max } = acceptedRange(type);
  return {
    ...(min > limits.f64.min ? { minimum: min } : {}),
    ...(max < limits.f64.max ? { maximum: max } : {}),
  };
}

function integerText({ min }: BigintType): JsonSchema {
  return { type: 'string', pattern: integerPattern(min < 0n) };
}

/** A decimal string, or a number within what JSON readers keep exactly. */
function integerOrText(type: BigintType): JsonSchema {
  const minimum = Math.max(Number(type.min), -MAX_SAFE_INTEGER);
  const maximum = Math.min(Number(type.max), MAX_SAFE_INTEGER);
  // A range that lies beyond the exact numbers altogether leaves the string alone.
  if (minimum > maximum) return integerText(type);
  return { oneOf: [integerText(type), { type: 'integer', minimum, maximum }] };
}
