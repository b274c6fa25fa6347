import { quoted } from './names.ts';
import { optionProblems } from './options.ts';
import type { Enumeration, Fields, Flags, Struct, Union, Variants } from './types.ts';
import { isType } from './values.ts';

interface Described {
  readonly description?: string;
}

/**
 * A named type as a field with something of its own to say: a description, and for an enumeration or flags a default. (All
 * other types take these directly.)
 *
 * @example struct('Quote', { kind: field(OptionKind, { default: 'call', description: 'The right it gives.' }) })
 */
export function field<
  Value extends string,
  Open extends boolean,
  Default extends NoInfer<Value> | undefined = undefined,
>(
  type: Enumeration<Value, Value | undefined, Open>,
  options: Described & { readonly default?: Default },
): Enumeration<Value, NoInfer<Default>, Open>;
export function field<Value extends string, const Default extends readonly NoInfer<Value>[] | undefined = undefined>(
  type: Flags<Value>,
  options: Described & { readonly default?: Default },
): Flags<Value, NoInfer<Default>>;
export function field<F extends Fields>(type: Struct<F>, options: Described): Struct<F>;
export function field<V extends Variants>(type: Union<V>, options: Described): Union<V>;
export function field(
  type: Enumeration | Flags | Struct | Union,
  options: Described & { readonly default?: string | readonly string[] },
): Enumeration | Flags | Struct | Union {
  // The struct that it stands in says that it is not a type.
  if (!isType(type)) return type;
  const { description: fieldDescription, default: fallback } = options ?? {};
  switch (type.kind) {
    case 'struct':
    case 'union':
      return Object.freeze({
        ...type,
        fieldDescription,
        fieldProblems: Object.freeze(optionProblems(options, ['description'])),
      });
    case 'enum': {
      const problems = optionProblems(options, ['description', 'default']);
      const known = type.values.find((value) => value === fallback);
      if (known === undefined && fallback !== undefined) problems.push(notOneOf(type.values, fallback));
      return Object.freeze({ ...type, fieldDescription, default: known, fieldProblems: Object.freeze(problems) });
    }
    case 'flags': {
      const problems = optionProblems(options, ['description', 'default']);
      const names: readonly unknown[] = Array.isArray(fallback) ? fallback : [];
      if (fallback !== undefined && !Array.isArray(fallback)) problems.push('the default must be an array of names');
      for (const [index, name] of names.entries()) {
        if (!type.values.some((value) => value === name)) problems.push(notOneOf(type.values, name));
        if (names.indexOf(name) !== index) problems.push(`the default has ${quoted(name)} twice`);
      }
      return Object.freeze({
        ...type,
        fieldDescription,
        // In the order of declaration, as decoding gives them.
        default: fallback === undefined ? undefined : Object.freeze(type.values.filter((name) => names.includes(name))),
        fieldProblems: Object.freeze(problems),
      });
    }
    default:
      return misused(type);
  }
}

function notOneOf(values: readonly string[], name: unknown): string {
  return `the default ${quoted(name)} is not one of ${values.join(', ')}`;
}

/** In plain JavaScript it may be any other type: that one again, with a problem. */
function misused<T extends { readonly problems: readonly string[] }>(type: T): T {
  const problem = 'field() is for enumerations, flags, structs and unions; other types take these options themselves';
  return Object.freeze({ ...type, problems: Object.freeze([...type.problems, problem]) });
}
