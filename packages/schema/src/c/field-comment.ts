import { rangeOf } from '../codec/expectation.ts';
import type { PlacedField, Struct, ValueType } from '../language/types.ts';
import { declaration, isBigEndian, loadSuffix, unwrapArray } from './ctypes.ts';
import { accessorNames } from './names.ts';

/** What the schema says of a field, and how C reads and writes it where the member alone does not tell. */
export function fieldComment(service: string, struct: Struct, field: PlacedField): string {
  const { type } = field;
  const element = elementOf(type);
  return [
    sentence(descriptionOf(type)),
    element === type || element.kind === 'struct' || element.kind === 'union' ? '' : sentence(descriptionOf(element)),
    'unit' in element && element.unit !== undefined ? sentence(`Unit: ${element.unit}`) : '',
    meaning(element, accessorNames(service, struct.name, field.name).scale),
    range(type, element),
    defaultComment(type),
    access(service, struct, field),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** What arrays and lists hold in the end. */
export function elementOf(type: ValueType): ValueType {
  return type.kind === 'array' || type.kind === 'list' ? elementOf(type.element) : type;
}

function descriptionOf(type: ValueType): string | undefined {
  return 'fieldDescription' in type ? type.fieldDescription : type.description;
}

/** What a number in 64 bits stands for. */
function meaning(type: ValueType, scale: string): string {
  switch (type.kind) {
    case 'timestamp':
      return 'In ns since 1970-01-01T00:00:00Z.';
    case 'duration':
      return 'In ns.';
    case 'decimal':
      return `The number times ${scale}.`;
    default:
      return '';
  }
}

function range(type: ValueType, element: ValueType): string {
  const words = rangeOf(element);
  if (words === '') return '';
  return sentence(type === element ? `${words.charAt(0).toUpperCase()}${words.slice(1)}` : `Each ${words}`);
}

function access(service: string, struct: Struct, { name, type, presence }: PlacedField): string {
  const { has, mark, get, set, add } = accessorNames(service, struct.name, name);
  const { element } = unwrapArray(type);
  const parts: string[] = [];
  if (presence !== undefined) parts.push(`Optional: ${has}(), ${mark}().`);
  if (isBigEndian(element)) parts.push(`Big-endian: ${get}(), ${set}().`);
  if (element.kind === 'textTail') parts.push(`Text: ${get}(), ${set}().`);
  if (element.kind === 'bytesTail') parts.push(`Bytes: ${get}(), ${set}().`);
  if (element.kind === 'list') {
    parts.push(`List of ${plural(service, element.element)}: ${get}(), ${add}().`);
    const inList = elementOf(element);
    if (isBigEndian(inList)) {
      const suffix = loadSuffix(inList);
      parts.push(`Its numbers are big-endian: isth_load_${suffix}(), isth_store_${suffix}().`);
    }
  }
  return parts.join(' ');
}

/** What a list's elements are, and what spans among them point to. */
function plural(service: string, element: ValueType): string {
  switch (element.kind) {
    case 'textTail':
      return 'texts';
    case 'bytesTail':
      return 'bytes';
    case 'list':
      return `lists of ${plural(service, element.element)}`;
    case 'array':
      return `${element.length} ${plural(service, element.element)} each`;
    default:
      return declaration(service, element, '').replace(' ', '');
  }
}

function sentence(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function defaultComment(type: ValueType): string {
  if (type.default === undefined) return '';
  const shown = shownDefault(type);
  return shown.length > 60 ? 'The default is longer.' : `Default: ${shown}.`;
}

function shownDefault(type: ValueType): string {
  switch (type.kind) {
    case 'text':
    case 'textTail':
    case 'enum':
      return JSON.stringify(type.default);
    case 'flags':
      return type.default?.join(', ') || 'none';
    default:
      return String(type.default);
  }
}
