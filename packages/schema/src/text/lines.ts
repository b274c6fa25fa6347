import { type Enumeration, limits, type Struct, type Type } from '../language/types.ts';

/** The canonical lines of an enumeration. */
export function enumLines(type: Enumeration): string[] {
  return [`enum ${type.name}`, ...type.values.map((value, index) => `  ${index} ${value}`)];
}

/** The canonical lines of a struct: its size, and each field's offset, name, type and what narrows it. */
export function structLines(type: Struct): string[] {
  const { size, align, fields } = type.layout;
  return [
    `struct ${type.name} size ${size} align ${align}`,
    ...fields.map(({ name, type: fieldType, offset }) => {
      return `  ${[offset, name, typeName(fieldType), ...attributes(fieldType)].join(' ')}`;
    }),
  ];
}

/** How a type is called in the canonical text; scalars begin with a lower-case letter, named types with an upper-case one. */
function typeName(type: Type): string {
  switch (type.kind) {
    case 'text':
      return `text(${type.capacity})`;
    case 'enum':
    case 'struct':
      return type.name;
    default:
      return type.kind;
  }
}

function attributes(type: Type): string[] {
  if (type.kind === 'struct') return [];
  const result: string[] = [];
  if ('min' in type) {
    const limit = limits[type.kind];
    if (type.min > limit.min) result.push(`min=${type.min}`);
    if (type.max < limit.max) result.push(`max=${type.max}`);
  }
  if (type.default !== undefined) {
    result.push(`default=${typeof type.default === 'string' ? JSON.stringify(type.default) : type.default}`);
  }
  return result;
}
