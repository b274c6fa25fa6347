import type { BigintType, DecimalType, FloatType, IntegerType, TimeType, ValueType } from '../language/types.ts';
import { arrayElementName, typeNameOf } from './names.ts';

/** A number of two or more bytes, whose byte order a schema can choose. */
export type Wide = IntegerType | BigintType | FloatType | TimeType | DecimalType;

/** A type as a declaration has it around the declared name: `before name after`. */
interface Declarator {
  readonly before: string;
  /** Dimensions. */
  readonly after: string;
}

function declaratorOf(service: string, type: ValueType): Declarator {
  switch (type.kind) {
    case 'bool':
      return { before: 'bool', after: '' };
    case 'f32':
      return { before: 'float', after: '' };
    case 'f64':
      return { before: 'double', after: '' };
    case 'timestamp':
    case 'duration':
    case 'decimal':
      return { before: 'int64_t', after: '' };
    case 'text':
      return { before: 'char', after: `[${type.capacity} + 1]` };
    case 'bytes':
      return { before: 'uint8_t', after: `[${type.length}]` };
    case 'array': {
      const { before, after } = declaratorOf(service, type.element);
      return { before, after: `[${type.length}]${after}` };
    }
    case 'textTail':
    case 'bytesTail':
    case 'list':
      return { before: 'isth_span', after: '' };
    case 'enum':
    case 'flags':
    case 'struct':
    case 'union':
      return { before: typeNameOf(service, type.name), after: '' };
    default:
      return { before: `${type.kind.startsWith('u') ? 'uint' : 'int'}${type.kind.slice(1)}_t`, after: '' };
  }
}

/** The declaration of a struct's member, or of a type's name. */
export function declaration(service: string, type: ValueType, name: string): string {
  const { before, after } = declaratorOf(service, type);
  return `${before} ${name}${after}`;
}

/** The C type of a list's elements, such that `*` after it makes a pointer to one. */
export function elementType(service: string, element: ValueType): string {
  return isArrayInC(element) ? arrayElementName(service, element) : declaratorOf(service, element).before;
}

/** The C type of such a number. */
export function wideType(type: Wide): string {
  return declaratorOf('', type).before;
}

/** Whether a type is an array in C, which needs a typedef to have a name. */
export function isArrayInC({ kind }: ValueType): boolean {
  return kind === 'array' || kind === 'text' || kind === 'bytes';
}

/** What an array of arrays holds in the end, and the lengths on the way there, outermost first. */
export function unwrapArray(type: ValueType): { readonly element: ValueType; readonly lengths: readonly number[] } {
  const lengths: number[] = [];
  let element = type;
  while (element.kind === 'array') {
    lengths.push(element.length);
    element = element.element;
  }
  return { element, lengths };
}

export function isBigEndian(type: ValueType): type is Wide {
  return 'bigEndian' in type && type.bigEndian;
}

/** The end of the names of the library's functions that load and store such a number, `be_u16` for example. */
export function loadSuffix(type: Wide): string {
  const order = type.bigEndian ? 'be_' : '';
  switch (type.kind) {
    case 'timestamp':
    case 'duration':
    case 'decimal':
      return `${order}i64`;
    default:
      return `${order}${type.kind}`;
  }
}

/** The member that holds a word of presence bits. No field has such a name: none has an underscore before a digit. */
export function presenceMember(word: number): string {
  return `present_${word}`;
}

/** One presence bit as a constant. */
export function presenceBit(bit: number): string {
  return `0x${(2 ** bit).toString(16)}u`;
}
