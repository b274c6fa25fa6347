/** C functions that read a struct or a union into the flat form. */
import type { PlacedField, Struct, Union, ValueType } from '@isthmus/schema';
import { isBigEndian, loadSuffix, unwrapArray } from '../../../packages/schema/src/c/ctypes.ts';
import { accessorNames, listNames, memberName, typeNameOf, variantName } from '../../../packages/schema/src/c/names.ts';

export function reader(service: string, type: Struct | Union): string[] {
  const cName = typeNameOf(service, type.name);
  return [
    `static void read_${cName}(const isth_message *message, const ${cName} *value) {`,
    '  (void)message;',
    ...(type.kind === 'struct'
      ? type.layout.fields.flatMap((field) => fieldLines(service, type, field))
      : variantLines(service, type)),
    '}',
  ];
}

function variantLines(service: string, type: Union): string[] {
  return [
    'put_count(value->kind);',
    'switch (value->kind) {',
    ...Object.entries(type.variants).map(([name, variant]) => {
      const read = `read_${typeNameOf(service, variant.name)}(message, &value->as.${memberName(name)})`;
      return `case ${variantName(service, type.name, name)}: ${read}; break;`;
    }),
    '}',
  ];
}

function fieldLines(service: string, struct: Struct, { name, type, presence }: PlacedField): string[] {
  const { has, get } = accessorNames(service, struct.name, name);
  const { element, lengths } = unwrapArray(type);
  const lines: string[] = [];
  if (hasAccessor(element)) {
    const indices = lengths.map((_, depth) => `a${depth}`);
    const numbers = isBigEndian(element);
    const given = numbers ? ['value', ...indices] : ['message', 'value', ...indices];
    const call = `${get}(${given.join(', ')})`;
    lines.push(
      ...lengths.map((length, depth) => `for (size_t a${depth} = 0; a${depth} < ${length}; a${depth}++) {`),
      ...(numbers ? [putNumber(element, call)] : tailLines(service, element, call, 0)),
      ...lengths.map(() => '}'),
    );
  } else {
    lines.push(...valueLines(service, type, `value->${memberName(name)}`, struct.packed, 0));
  }
  if (presence === undefined) return lines;
  return [`put_byte(${has}(value));`, `if (${has}(value)) {`, ...lines, '}'];
}

export function hasAccessor(element: ValueType): boolean {
  return isBigEndian(element) || element.kind === 'textTail' || element.kind === 'bytesTail' || element.kind === 'list';
}

/** A tail that an accessor has found. */
function tailLines(service: string, type: ValueType, found: string, depth: number): string[] {
  if (type.kind === 'textTail') return [`put_text(${found});`];
  if (type.kind === 'bytesTail') return [`put_data(${found});`];
  if (type.kind !== 'list') return [];
  const list = `list${depth}`;
  const index = `i${depth}`;
  return [
    '{',
    `${listNames(service, type.element).type} ${list} = ${found};`,
    `put_count(${list}.count);`,
    `for (size_t ${index} = 0; ${index} < ${list}.count; ${index}++) {`,
    ...valueLines(service, type.element, `${list}.items[${index}]`, false, depth + 1),
    '}',
    '}',
  ];
}

/** A value that C can name. In a packed struct it may be misaligned, so that it cannot be pointed to. */
function valueLines(service: string, type: ValueType, at: string, packed: boolean, depth: number): string[] {
  switch (type.kind) {
    case 'text':
      return [`put_string(${at});`];
    case 'bytes':
      return [`put_bytes(${at}, sizeof(${at}));`];
    case 'struct':
    case 'union': {
      const cName = typeNameOf(service, type.name);
      if (!packed) return [`read_${cName}(message, &${at});`];
      return ['{', `${cName} copy = ${at};`, `read_${cName}(message, &copy);`, '}'];
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
      return [`put_text(isth_message_text(message, ${at}));`];
    case 'bytesTail':
      return [`put_data(isth_message_bytes(message, ${at}));`];
    case 'list':
      return tailLines(service, type, `${listNames(service, type.element).at}(message, ${at})`, depth);
    default:
      return [putNumber(type, isBigEndian(type) ? `isth_load_${loadSuffix(type)}(&${at})` : at)];
  }
}

function putNumber(type: ValueType, value: string): string {
  return type.kind === 'f32' || type.kind === 'f64' ? `put_double(${value});` : `put_number((uint64_t)${value});`;
}
