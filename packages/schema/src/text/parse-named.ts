import { enumeration, flags } from '../language/enumeration.ts';
import { optional } from '../language/sequences.ts';
import { struct } from '../language/struct.ts';
import type { FlagBits, Struct, Type } from '../language/types.ts';
import { union } from '../language/union.ts';
import type { LineReader } from './line-reader.ts';
import { type NamedType, parseType } from './parse-type.ts';
import { requireNone, shown, TextProblem } from './problem.ts';
import type { Words } from './words.ts';

type Known = ReadonlyMap<string, NamedType>;

const patterns = {
  enum: /^enum (\S+)( open)?$/,
  flags: /^flags (\S+) bits (8|16|32|64)( open)?$/,
  struct: /^struct (\S+) size [0-9]{1,9} align ([0-9]{1,9})( packed)?$/,
  union: /^union (\S+) size [0-9]{1,9} align [0-9]{1,9}$/,
  /** Of an enumeration or flags: its number and name. */
  value: /^ {2}[0-9]{1,9} (\S+)$/,
  /** Of a union: its number, name and struct. */
  variant: /^ {2}[0-9]{1,9} (\S+) (\S+)$/,
  /** Of a struct: its offset, name, type and what narrows it. */
  field: /^ {2}[0-9]{1,9} (\S+) (\S+)(?: (.+))?$/s,
};

/** Reads a named type: its line and the indented ones below it. @throws TextProblem */
export function parseNamedType(lines: LineReader, known: Known): NamedType {
  const type = readNamedType(lines, known);
  requireNone(type.problems);
  return type;
}

function readNamedType(lines: LineReader, known: Known): NamedType {
  const line = lines.peek() ?? '';
  if (line.startsWith('enum ')) {
    const [name = '', open] = lines.take(patterns.enum, 'an enumeration');
    return enumeration(name, valuesOf(lines), { open: open !== undefined });
  }
  if (line.startsWith('flags ')) {
    const [name = '', bits, open] = lines.take(patterns.flags, 'flags');
    return flags(name, valuesOf(lines), { bits: widthOf(bits), open: open !== undefined });
  }
  if (line.startsWith('struct ')) {
    const [name = '', align, packed] = lines.take(patterns.struct, 'a struct');
    return struct(name, fieldsOf(lines, known), { align: Number(align), packed: packed !== undefined });
  }
  const what = line.startsWith('union ') ? 'a union' : 'an error, a type or a method';
  const [name = ''] = lines.take(patterns.union, what);
  return union(name, variantsOf(lines, known));
}

function valuesOf(lines: LineReader): readonly string[] {
  const values: string[] = [];
  lines.takeIndented(patterns.value, 'a value: its number and its name', ([name = '']) => {
    values.push(name);
  });
  return values;
}

function widthOf(bits: string | undefined): FlagBits {
  return bits === '8' ? 8 : bits === '16' ? 16 : bits === '64' ? 64 : 32;
}

function variantsOf(lines: LineReader, known: Known): Record<string, Struct> {
  const variants = new Map<string, Struct>();
  lines.takeIndented(patterns.variant, 'a variant: its number, its name and its struct', ([name = '', type = '']) => {
    const found = known.get(type);
    if (found?.kind !== 'struct') throw new TextProblem(`${shown(type)} is not a struct that is declared above`);
    requireNew(variants, name);
    variants.set(name, found);
  });
  return Object.fromEntries(variants);
}

function fieldsOf(lines: LineReader, known: Known): Record<string, Type> {
  const fields = new Map<string, Type>();
  const what = 'a field: its offset, its name and its type';
  lines.takeIndented(patterns.field, what, ([name = '', source = '', attributes = '']) => {
    const { words, isOptional } = wordsOf(attributes);
    const type = parseType(source, words, known);
    const declared = isOptional ? optional(type) : type;
    requireNone(declared.problems);
    requireNew(fields, name);
    fields.set(name, declared);
  });
  return Object.fromEntries(fields);
}

/** Byte order, min and max; one more than there can be is enough to be refused. */
const MAX_WORDS = 4;

/** What stands behind a field's type. A default is the last of it: it may hold spaces. */
function wordsOf(attributes: string): { readonly words: Words; readonly isOptional: boolean } {
  const at = attributes.search(/(?:^| )default=/);
  const before = at < 0 ? attributes : attributes.slice(0, at);
  const fallback = at < 0 ? undefined : attributes.slice(attributes.indexOf('=', at) + 1);
  const words = before === '' ? [] : before.split(' ', MAX_WORDS);
  const isOptional = words.at(-1) === 'optional';
  return { words: { narrowing: isOptional ? words.slice(0, -1) : words, fallback }, isOptional };
}

function requireNew(known: ReadonlyMap<string, unknown>, name: string): void {
  if (known.has(name)) throw new TextProblem(`${shown(name)} is there twice`);
}
