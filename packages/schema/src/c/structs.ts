import { rangeOf } from '../codec/expectation.ts';
import type { NamedTypes } from '../language/collect.ts';
import type { Enumeration, Struct, Type } from '../language/types.ts';
import { comment } from './literal.ts';
import { enumeratorName, memberName, typeNameOf } from './names.ts';

/** The declarations of all enumerations and structs, with assertions that the compiler lays them out as the codecs do. */
export function typeDeclarations(service: string, types: NamedTypes): string[] {
  return [
    ...types.enums.flatMap((type) => enumDeclaration(service, type)),
    ...types.structs.flatMap((type) => structDeclaration(service, type)),
  ];
}

function enumDeclaration(service: string, { name, values, description }: Enumeration): string[] {
  const cName = typeNameOf(service, name);
  const last = values.length - 1;
  return [
    ...comment([description]),
    `typedef enum ${cName} {`,
    ...values.map((value, index) => `  ${enumeratorName(service, name, value)} = ${index}${index < last ? ',' : ''}`),
    `} ${cName};`,
    `ISTH_STATIC_ASSERT(sizeof(${cName}) == 4, "${cName} takes 4 bytes: compile without -fshort-enums");`,
    '',
  ];
}

function structDeclaration(service: string, { name, description, layout }: Struct): string[] {
  const cName = typeNameOf(service, name);
  return [
    ...comment([description]),
    `typedef struct ${cName} {`,
    ...layout.fields.flatMap((field) => [
      ...comment([fieldComment(field.type)], '  '),
      `  ${declarator(service, field.type, memberName(field.name))};`,
    ]),
    `} ${cName};`,
    `ISTH_STATIC_ASSERT(sizeof(${cName}) == ${layout.size}, "size of ${cName}");`,
    ...layout.fields.map((field) => {
      const member = memberName(field.name);
      return `ISTH_STATIC_ASSERT(offsetof(${cName}, ${member}) == ${field.offset}, "offset of ${cName}.${member}");`;
    }),
    '',
  ];
}

/** What the schema says of a field: its description, its range and its default. */
function fieldComment(type: Type): string {
  const description = type.kind === 'enum' || type.kind === 'struct' ? type.fieldDescription : type.description;
  const range = rangeOf(type);
  return [
    sentence(description),
    range === '' ? '' : sentence(`${range.charAt(0).toUpperCase()}${range.slice(1)}`),
    type.kind === 'struct' ? '' : defaultComment(type.default),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function sentence(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function defaultComment(value: boolean | number | bigint | string | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return `Default: ${value}.`;
  const shown = JSON.stringify(value);
  return shown.length > 60 ? 'The default is a longer text.' : `Default: ${shown}.`;
}

function declarator(service: string, type: Type, member: string): string {
  switch (type.kind) {
    case 'bool':
      return `bool ${member}`;
    case 'f32':
      return `float ${member}`;
    case 'f64':
      return `double ${member}`;
    case 'text':
      return `char ${member}[${type.capacity} + 1]`;
    case 'enum':
    case 'struct':
      return `${typeNameOf(service, type.name)} ${member}`;
    default:
      return `${type.kind.startsWith('u') ? 'uint' : 'int'}${type.kind.slice(1)}_t ${member}`;
  }
}
