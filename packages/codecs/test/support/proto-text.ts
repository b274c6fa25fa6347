/** A value in protobuf's text format, made from the schema alone and by the mapping table of `docs/codecs.md`. */
import { decimalUnits, type Struct, snakeCase, type ValueType } from '@isthmus/schema';
import { fieldNames } from '../../src/protobuf/names.ts';

/** The fields of a struct, one a line, those that are 0 included. */
export function protoText(type: Struct, value: unknown): string {
  const keys = fieldNames(type.layout.fields);
  return type.layout.fields
    .flatMap(({ name, type: inner, presence }, index) => {
      const key = keys[index] ?? '';
      const field: unknown = Reflect.get(Object(value), name);
      if (field === undefined) return [];
      const isWrapped = inner.kind === 'list' && presence !== undefined;
      return isWrapped ? [`${key} { ${items(inner.element, field)} }`] : fieldText(key, inner, field);
    })
    .join('\n');
}

function fieldText(key: string, type: ValueType, value: unknown): string[] {
  if (type.kind !== 'array' && type.kind !== 'list') return [`${key}: ${single(type, value)}`];
  const { element } = type;
  const isNested = element.kind === 'array' || element.kind === 'list';
  return elementsOf(value).map((each) =>
    isNested ? `${key} { ${items(element.element, each)} }` : `${key}: ${single(element, each)}`,
  );
}

function items(element: ValueType, values: unknown): string {
  return fieldText('items', { kind: 'list', element } as ValueType, values).join(' ');
}

function elementsOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('not an array');
  return value;
}

function single(type: ValueType, value: unknown): string {
  switch (type.kind) {
    case 'enum': {
      const index = type.values.indexOf(String(value));
      const name = `${snakeCase(type.name)}_${snakeCase(String(value))}`.toUpperCase();
      return index < 0 ? String(Number(value) | 0) : name;
    }
    case 'flags':
      return String(
        type.values.reduce((sum, name, bit) => sum + (elementsOf(value).includes(name) ? 1n << BigInt(bit) : 0n), 0n),
      );
    case 'decimal':
      return String(decimalUnits(value, type.scale));
    case 'text':
    case 'textTail':
      return quoted(new TextEncoder().encode(String(value)));
    case 'bytes':
    case 'bytesTail':
      return quoted(value as Uint8Array);
    case 'f32':
    case 'f64':
      return Object.is(value, -0) ? '-0.0' : String(value);
    case 'struct':
      return `{ ${protoText(type, value)} }`;
    case 'union': {
      const kind = String(Reflect.get(Object(value), 'kind'));
      const variants = Object.keys(type.variants);
      const key = fieldNames(variants.map((name) => ({ name })))[variants.indexOf(kind)];
      return `{ ${key} { ${protoText(type.variants[kind] as Struct, value)} } }`;
    }
    default:
      return String(value);
  }
}

function quoted(bytes: Uint8Array): string {
  return `"${[...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`;
}
