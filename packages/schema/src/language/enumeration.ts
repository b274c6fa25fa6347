import { quoted, typeNameProblems, valueNameProblems } from './names.ts';
import { optionProblems } from './options.ts';
import { type Enumeration, type FlagBits, type Flags, MAX_ENUM_VALUES } from './types.ts';

/**
 * One of several names. C: an `enum` of 4 bytes, counted from 0 in the order given. TypeScript and JSON: the name.
 *
 * `open`: later versions of the schema may append values. A value that this version does not know is then its number, in
 * TypeScript and in JSON, instead of an error. Default: false.
 *
 * @example const OptionKind = enumeration('OptionKind', ['call', 'put']);
 */
export function enumeration<const Value extends string, const Open extends boolean = false>(
  name: string,
  values: readonly Value[],
  options: { readonly description?: string; readonly open?: Open } = {},
): Enumeration<Value, undefined, Open> {
  const { problems, shown, given, description, open } = declaration('enumeration', name, values, options, ['open']);
  return Object.freeze({
    kind: 'enum',
    name: shown,
    values: given,
    // False where it is left out, which is the type parameter's default.
    open: open as Open,
    description,
    fieldDescription: undefined,
    fieldProblems: Object.freeze([]),
    default: undefined,
    problems,
  });
}

/**
 * A set of names, each of which is there or not. C: an unsigned integer of `bits` bits, the first name being bit 0, and a
 * constant for each. TypeScript and JSON: an array of the names that are there, in the order of declaration.
 *
 * `bits`: 8, 16, 32 (the default) or 64. `open`: later versions of the schema may append names. A bit that this version does
 * not know is then left out in reading, instead of an error. Default: false.
 *
 * @example const Access = flags('Access', ['read', 'write', 'execute'], { bits: 8 });
 */
export function flags<const Value extends string>(
  name: string,
  values: readonly Value[],
  options: { readonly description?: string; readonly bits?: FlagBits; readonly open?: boolean } = {},
): Flags<Value, undefined> {
  const declared = declaration('flags', name, values, options, ['bits', 'open']);
  const { problems, shown, given, description, open } = declared;
  const { bits = 32 } = options ?? {};
  const found = [...problems];
  const isWidth = [8, 16, 32, 64].includes(bits);
  if (!isWidth) found.push(`flags ${shown}: bits must be 8, 16, 32 or 64`);
  else if (given.length > bits) found.push(`flags ${shown}: ${given.length} names do not fit into ${bits} bits`);
  return Object.freeze({
    kind: 'flags',
    name: shown,
    values: given,
    // Where it is no width, any will do: the problem is reported.
    bits: isWidth ? bits : 32,
    open,
    description,
    fieldDescription: undefined,
    fieldProblems: Object.freeze([]),
    default: undefined,
    problems: Object.freeze(found),
  });
}

/** What both have: a name, and values of different names. */
function declaration<Value extends string>(
  what: 'enumeration' | 'flags',
  name: string,
  values: readonly Value[],
  options: { readonly description?: string; readonly open?: boolean },
  allowed: readonly string[],
) {
  const found = [...typeNameProblems(name), ...optionProblems(options, ['description', ...allowed])];
  const { description, open = false } = options ?? {};
  if (typeof open !== 'boolean') found.push('open must be true or false');
  // In plain JavaScript they may be anything.
  const all: readonly Value[] = Array.isArray(values) ? values : [];
  if (all.length === 0) found.push('it needs at least one value');
  if (all.length > MAX_ENUM_VALUES) found.push(`it has ${all.length} values, and ${MAX_ENUM_VALUES} is the most`);
  const seen = new Set<Value>();
  for (const value of all) {
    found.push(...valueNameProblems(value).map((problem) => `value ${quoted(value)}: ${problem}`));
    if (seen.has(value)) found.push(`the value ${String(value)} is there twice`);
    seen.add(value);
  }
  const shown = String(name);
  const given = Object.freeze([...seen].filter((value) => typeof value === 'string'));
  const problems: readonly string[] = Object.freeze(found.map((problem) => `${what} ${shown}: ${problem}`));
  return { problems, shown, given, description, open };
}
