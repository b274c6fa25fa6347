import { sizeOf } from '../language/layout.ts';
import type { Enumeration, Flags } from '../language/types.ts';
import { readBase64 } from './base64.ts';
import { readBytes } from './bytes.ts';
import type { Leaf } from './encode-leaf.ts';
import { readFlags } from './flags.ts';
import { decimalTextAt, signedText, unsignedText } from './int64.ts';
import { getSource, isLittleEndian, type NumberType } from './number-source.ts';
import { faulty } from './signals.ts';
import { addressOf, further, type Place, type Source } from './source.ts';
import { jsonText, readText } from './text.ts';
import { durationText, timestampText } from './time.ts';
import type { Form } from './valid.ts';

/**
 * Adds the lines that read a leaf, once, and check it; they throw `faulty`.
 *
 * @returns The expression of its value: a variable where reading it has an effect, so that tails are read in their order.
 */
export function readLeaf(source: Source, type: Leaf, form: Form, place: Place): string {
  const at = addressOf(place);
  switch (type.kind) {
    case 'bool': {
      const byte = variableOf(source, getSource(type, place));
      refuseIf(source, `${byte} > 1`);
      return `${byte} === 1`;
    }
    case 'enum':
      return readEnum(source, type, place);
    case 'flags':
      return readFlagsOf(source, type, place);
    case 'text': {
      const text = variableOf(source, `${source.constant(readText)}(${place.bytes}, ${at}, ${type.capacity})`);
      refuseIf(source, `${text} === undefined`);
      return text;
    }
    case 'bytes': {
      const read = source.constant(form === 'json' ? readBase64 : readBytes);
      return `${read}(${place.bytes}, ${at}, ${addressOf(further(place, type.length))})`;
    }
    case 'textTail':
      return variableOf(source, `reader.text(${at}, ${type.max})`);
    case 'bytesTail':
      return variableOf(source, `reader.${form === 'json' ? 'base64' : 'data'}(${at}, ${type.max})`);
    case 'decimal':
      return wide(source, decimalTextAt, type, place, `, ${type.scale}`);
    case 'f32':
    case 'f64': {
      if (form === 'native') return getSource(type, place);
      const number = variableOf(source, getSource(type, place));
      // x - x is 0 for finite numbers and NaN for all others.
      refuseIf(source, `${number} - ${number} !== 0`);
      return number;
    }
    case 'i64':
      return form === 'json' ? wide(source, signedText, type, place) : getSource(type, place);
    case 'u64':
      return form === 'json' ? wide(source, unsignedText, type, place) : getSource(type, place);
    case 'timestamp':
      return form === 'json' ? wide(source, timestampText, type, place) : getSource(type, place);
    case 'duration':
      return form === 'json' ? wide(source, durationText, type, place) : getSource(type, place);
    default:
      return getSource(type, place);
  }
}

/** The call of a function that makes text of a number in 64 bits. */
function wide(source: Source, read: unknown, type: NumberType, place: Place, more = ''): string {
  return `${source.constant(read)}(${place.view}, ${addressOf(place)}, ${isLittleEndian(type)}${more})`;
}

function readEnum(source: Source, type: Enumeration, place: Place): string {
  const number = variableOf(source, getSource(type, place));
  const name = `${source.constant(type.values)}[${number}]`;
  if (type.open) return `(${number} < ${type.values.length} ? ${name} : ${number})`;
  const value = variableOf(source, name);
  refuseIf(source, `${value} === undefined`);
  return value;
}

function readFlagsOf(source: Source, type: Flags, place: Place): string {
  const names = source.constant(type.values);
  const read = `${source.constant(readFlags)}(${place.view}, ${addressOf(place)}, ${sizeOf(type)}, ${names}, ${type.open})`;
  const value = variableOf(source, read);
  if (!type.open) refuseIf(source, `${value} === undefined`);
  return value;
}

/** A leaf's JSON text: an expression to be appended to text, from what `readLeaf` gave for JSON. */
export interface JsonText {
  readonly expression: string;
  /** Whether it stands between quotes. */
  readonly isQuoted: boolean;
}

export function jsonTextOf(source: Source, type: Leaf, value: string): JsonText {
  switch (type.kind) {
    case 'text':
    case 'textTail':
      return { expression: `${source.constant(jsonText)}(${value})`, isQuoted: false };
    case 'flags':
      return { expression: `${source.constant(namesText)}(${value})`, isQuoted: false };
    case 'enum': {
      if (!type.open) return { expression: value, isQuoted: true };
      const known = variableOf(source, value);
      return { expression: `(typeof ${known} === "number" ? ${known} : '"' + ${known} + '"')`, isQuoted: false };
    }
    case 'i64':
    case 'u64':
    case 'timestamp':
    case 'duration':
    case 'decimal':
    case 'bytes':
    case 'bytesTail':
      return { expression: value, isQuoted: true };
    default:
      // Numbers, and true and false, are in JSON what they are when appended to text.
      return { expression: `(${value})`, isQuoted: false };
  }
}

/** The JSON text of names, which have nothing to escape. */
function namesText(names: readonly string[]): string {
  return names.length === 0 ? '[]' : `["${names.join('","')}"]`;
}

/** The variable that the value of an expression is kept in. */
function variableOf(source: Source, expression: string): string {
  const name = source.variable('f');
  source.add(`const ${name} = ${expression};`);
  return name;
}

function refuseIf(source: Source, condition: string): void {
  source.add(`if (${condition}) throw ${source.constant(faulty)};`);
}
