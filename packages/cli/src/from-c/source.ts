/** Writes declarations as a schema file. drift.ts reads what this writes. */
import { IsthmusError, type ValueType } from '@isthmus/schema';
import { bannerOf } from './banner.ts';
import type { Declaration } from './map-structs.ts';
import type { Request } from './request.ts';

/** `i8` before `i16`, as linters sort imports. */
const inNaturalOrder = new Intl.Collator('en', { numeric: true }).compare;

/** The whole file. */
export function sourceOf(request: Request, declarations: readonly Declaration[]): string {
  const imports = new Set(['struct']);
  const structs = declarations.map((declaration) => structSource(declaration, imports));
  const names = [...imports].sort(inNaturalOrder).join(', ');
  return `${bannerOf(request)}import { ${names} } from '@isthmus/schema';\n\n${structs.join('\n')}`;
}

function structSource({ type: { name }, fields, options }: Declaration, imports: Set<string>): string {
  const lines = fields.map((field) => `  ${field.name}: ${typeSource(field.type, imports)}, // at ${field.offset}\n`);
  return `export const ${name} = struct('${name}', {\n${lines.join('')}}, ${objectSource(options)});\n`;
}

/** The expression that makes the type; what it calls is added to `imports`. */
function typeSource(type: ValueType, imports: Set<string>): string {
  const write = (name: string, args: readonly (string | number)[], options: object): string => {
    imports.add(name);
    const given = Object.values(options).some((value) => value !== undefined) ? [objectSource(options)] : [];
    return `${name}(${[...args, ...given].join(', ')})`;
  };
  const { description } = type;
  switch (type.kind) {
    case 'bool':
      return write(type.kind, [], { description });
    case 'i8':
    case 'u8':
    case 'i16':
    case 'u16':
    case 'i32':
    case 'u32':
    case 'i64':
    case 'u64':
    case 'f32':
    case 'f64':
      return write(type.kind, [], { endian: type.bigEndian ? 'big' : undefined, description });
    case 'text':
      return write('text', [type.capacity], { description });
    case 'bytes':
      return write('bytes', [type.length], { description });
    case 'array':
      return write('array', [typeSource(type.element, imports), type.length], { description });
    case 'struct':
      if (type.fieldDescription === undefined) return type.name;
      return write('field', [type.name], { description: type.fieldDescription });
    default:
      throw new IsthmusError('INTERNAL', { detail: `a C header became the type ${type.kind}` });
  }
}

/** The options that are given, as an object. */
function objectSource(options: object): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return `{ ${given.map(([key, value]) => `${key}: ${typeof value === 'string' ? quoted(value) : value}`).join(', ')} }`;
}

/** In single quotes, and in ASCII whatever C calls its members. */
function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped}'`;
}
