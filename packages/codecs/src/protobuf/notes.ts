/** What the schema says of a field and protobuf's own words cannot: for its comment. */
import { decimalText, MAX_MESSAGE_BYTES, rangeOf, type ValueType } from '@isthmus/schema';
import type { ProtoField } from './messages.ts';
import { enumeratorNames } from './names.ts';

export function notesOf({ source, label }: ProtoField): string {
  const description = 'fieldDescription' in source ? source.fieldDescription : source.description;
  const notes = [sentence(description), ...notesOfType(source)];
  if (label === 'optional' && source.default !== undefined) notes.push(`Default: ${defaultText(source)}.`);
  return notes.filter((note) => note !== '').join(' ');
}

function notesOfType(type: ValueType): string[] {
  const unit = 'unit' in type && type.unit !== undefined ? sentence(`Unit: ${type.unit}`) : '';
  const range = rangeOf(type, 'json');
  return [meaning(type), unit, sentence(range.charAt(0).toUpperCase() + range.slice(1))].filter((note) => note !== '');
}

function meaning(type: ValueType): string {
  switch (type.kind) {
    case 'i8':
    case 'u8':
    case 'i16':
    case 'u16':
      return `Of ${type.kind.slice(1)} bits.`;
    case 'timestamp':
      return 'In ns since 1970-01-01T00:00:00Z.';
    case 'duration':
      return 'In ns.';
    case 'decimal':
      return type.scale === 0 ? '' : `In units of ${decimalText(1n, type.scale)}.`;
    case 'text':
      return `At most ${type.capacity} bytes.`;
    case 'bytes':
      return `Exactly ${type.length} bytes.`;
    case 'textTail':
    case 'bytesTail':
      return type.max < MAX_MESSAGE_BYTES ? `At most ${type.max} bytes.` : '';
    case 'flags':
      return `Bits: ${type.values.map((value, bit) => `${bit} ${value}`).join(', ')}.`;
    case 'array':
      return `Exactly ${type.length}.${each(type.element)}`;
    case 'list':
      return `${type.max < MAX_MESSAGE_BYTES ? `At most ${type.max}.` : ''}${each(type.element)}`.trim();
    default:
      return '';
  }
}

function each(element: ValueType): string {
  const notes = notesOfType(element);
  return notes.length === 0 ? '' : ` Each: ${notes.join(' ')}`;
}

function defaultText(type: ValueType): string {
  switch (type.kind) {
    case 'enum':
      return enumeratorNames(type)[type.values.indexOf(type.default ?? '')] ?? '';
    case 'text':
    case 'textTail':
      return JSON.stringify(type.default);
    case 'flags':
      return type.default?.join(', ') || 'none';
    default:
      return String(type.default);
  }
}

function sentence(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
