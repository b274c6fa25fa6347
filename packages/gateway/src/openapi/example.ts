/** An example value of a schema type, in its JSON form, where the user gave none. */
import type { Struct, Type } from '@isthmus/schema';

/** A value that the struct's codec accepts: defaults where there are some, else the allowed value nearest to 1. */
export function exampleOf(struct: Struct): unknown {
  return exampleValue(struct);
}

function exampleValue(type: Type): unknown {
  switch (type.kind) {
    case 'struct':
      return Object.fromEntries(type.layout.fields.map((field) => [field.name, exampleValue(field.type)]));
    case 'enum':
      return type.default ?? type.values[0];
    case 'bool':
      return type.default ?? true;
    case 'text':
      return type.default ?? 'text'.slice(0, type.capacity);
    case 'i64':
    case 'u64':
      return String(type.default ?? nearestToOne(type.min, type.max));
    default:
      return type.default ?? Math.min(Math.max(1, type.min), type.max);
  }
}

function nearestToOne(min: bigint, max: bigint): bigint {
  if (min > 1n) return min;
  return max < 1n ? max : 1n;
}
