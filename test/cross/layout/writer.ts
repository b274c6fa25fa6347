/** C functions that write a struct or a union from the flat form; they return false where there is no room. */
import type { PlacedField, Struct, Union, ValueType } from '@isthmus/schema';
import {
  declaration,
  elementType,
  isBigEndian,
  loadSuffix,
  unwrapArray,
} from '../../../packages/schema/src/c/ctypes.ts';
import {
  accessorNames,
  listNames,
  memberName,
  typeNameOf,
  unionKindName,
  variantName,
} from '../../../packages/schema/src/c/names.ts';
import { hasAccessor } from './reader.ts';

export function writer(service: string, type: Struct | Union): string[] {
  const cName = typeNameOf(service, type.name);
  return [
    `static bool write_${cName}(isth_message *message, ${cName} *value) {`,
    '  (void)message;',
    ...(type.kind === 'struct'
      ? type.layout.fields.flatMap((field) => fieldLines(service, type, field))
      : variantLines(service, type)),
    '  return true;',
    '}',
  ];
}

function variantLines(service: string, type: Union): string[] {
  return [
    `value->kind = (${unionKindName(service, type.name)})get_count();`,
    'switch (value->kind) {',
    ...Object.entries(type.variants).map(([name, variant]) => {
      const write = `write_${typeNameOf(service, variant.name)}(message, &value->as.${memberName(name)})`;
      return `case ${variantName(service, type.name, name)}: return ${write};`;
    }),
    '}',
  ];
}

function fieldLines(service: string, struct: Struct, { name, type, presence }: PlacedField): string[] {
  const { mark, set, add } = accessorNames(service, struct.name, name);
  const { element, lengths } = unwrapArray(type);
  const lines: string[] = [];
  if (hasAccessor(element)) {
    const indices = lengths.map((_, depth) => `a${depth}`);
    lines.push(
      ...lengths.map((length, depth) => `for (size_t a${depth} = 0; a${depth} < ${length}; a${depth}++) {`),
      ...(isBigEndian(element)
        ? [`${set}(${['value', ...indices, numberOf(service, element)].join(', ')});`]
        : tailLines(service, element, ['value', ...indices], set, add)),
      ...lengths.map(() => '}'),
    );
  } else {
    // Writing through an accessor marks the field, writing a member does not.
    if (presence !== undefined) lines.push(`${mark}(value);`);
    lines.push(...valueLines(service, type, `value->${memberName(name)}`, struct.packed, 0));
  }
  return presence === undefined ? lines : ['if (get_byte()) {', ...lines, '}'];
}

function tailLines(service: string, type: ValueType, at: readonly string[], set: string, add: string): string[] {
  const given = ['message', ...at].join(', ');
  if (type.kind === 'list') return listLines(service, type.element, `${add}(${given}, count)`, 0);
  const pointer = type.kind === 'textTail' ? 'const char' : 'void';
  return [
    '{',
    'uint32_t length = get_count();',
    `if (!${set}(${given}, (${pointer} *)get_bytes(length), length)) return false;`,
    '}',
  ];
}

function listLines(service: string, element: ValueType, added: string, depth: number): string[] {
  const items = `items${depth}`;
  const index = `i${depth}`;
  return [
    '{',
    'uint32_t count = get_count();',
    `${elementType(service, element)} *${items} = ${added};`,
    `if (${items} == NULL) return false;`,
    `for (uint32_t ${index} = 0; ${index} < count; ${index}++) {`,
    ...valueLines(service, element, `${items}[${index}]`, false, depth + 1),
    '}',
    '}',
  ];
}

/** A value that C can name. In a packed struct it may be misaligned, so that it cannot be pointed to. */
function valueLines(service: string, type: ValueType, at: string, packed: boolean, depth: number): string[] {
  switch (type.kind) {
    case 'text':
      return [`get_string(${at});`];
    case 'bytes':
      return [`memcpy(${at}, get_bytes(sizeof(${at})), sizeof(${at}));`];
    case 'struct':
    case 'union': {
      const cName = typeNameOf(service, type.name);
      if (!packed) return [`if (!write_${cName}(message, &${at})) return false;`];
      return [
        '{',
        `${cName} copy;`,
        'memset(&copy, 0, sizeof(copy));',
        `if (!write_${cName}(message, &copy)) return false;`,
        // An assignment need not copy padding, and whole messages are compared.
        `memcpy(&${at}, &copy, sizeof(copy));`,
        '}',
      ];
    }
    case 'array': {
      const index = `i${depth}`;
      return [
        `for (size_t ${index} = 0; ${index} < ${type.length}; ${index}++) {`,
        ...valueLines(service, type.element, `${at}[${index}]`, packed, depth + 1),
        '}',
      ];
    }
    case 'textTail':
    case 'bytesTail': {
      const [what, pointer] = type.kind === 'textTail' ? ['text', 'const char'] : ['bytes', 'void'];
      return [
        '{',
        'uint32_t length = get_count();',
        `if (!isth_message_append_${what}(message, &${at}, (${pointer} *)get_bytes(length), length)) return false;`,
        '}',
      ];
    }
    case 'list':
      return listLines(service, type.element, `${listNames(service, type.element).add}(message, &${at}, count)`, depth);
    default:
      if (isBigEndian(type)) return [`isth_store_${loadSuffix(type)}(&${at}, ${numberOf(service, type)});`];
      return [`${at} = ${numberOf(service, type)};`];
  }
}

function numberOf(service: string, type: ValueType): string {
  if (type.kind === 'bool') return 'get_number() != 0';
  const cType = declaration(service, type, '').trim();
  return `(${cType})${type.kind === 'f32' || type.kind === 'f64' ? 'get_double()' : 'get_number()'}`;
}
