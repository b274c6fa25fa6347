import { type BoolType, limits, type Type, type ValueType } from './types.ts';

const kinds: ReadonlySet<unknown> = new Set([
  ...Object.keys(limits),
  'bool',
  'text',
  'bytes',
  'enum',
  'flags',
  'array',
  'union',
  'struct',
  'textTail',
  'bytesTail',
  'list',
]);

export function isValueType(value: unknown): value is ValueType {
  return isMade(value) && kinds.has(value.kind);
}

export function isType(value: unknown): value is Type {
  return isValueType(value) || isOptional(value);
}

function isOptional(value: unknown): boolean {
  return isMade(value) && value.kind === 'optional';
}

/** By its shape and not by its maker, so that two copies of this package in one program understand each other. */
function isMade(value: unknown): value is { readonly kind: unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    'problems' in value &&
    Array.isArray(value.problems)
  );
}

/** Why something is no type here. A schema written in plain JavaScript may hold anything, `f64` without its parentheses above all. */
export function notAType(value: unknown): string {
  if (value === undefined) {
    return 'this is undefined and not a type; a type is declared before it is used, and cannot contain itself';
  }
  if (isOptional(value)) return 'optional() is for the fields of structs alone';
  return 'this is not a type; types are made by calls such as f64()';
}

/** Stands where something is no type, so that all that walks types meets only types. Its problem is reported. */
export const standIn: BoolType<undefined> = Object.freeze({
  kind: 'bool',
  description: undefined,
  default: undefined,
  problems: Object.freeze([]),
});

/**
 * What is wrong with a type that stands at a place, each with its own place: what named types are made of says where it is;
 * all else is of the place where the type stands.
 */
export function problemsAt(place: string, type: Type): string[] {
  const here = (problems: readonly string[]) => problems.map((problem) => `${place}: ${problem}`);
  switch (type.kind) {
    case 'enum':
    case 'flags':
    case 'struct':
    case 'union':
      return [...type.problems, ...here(type.fieldProblems)];
    case 'optional':
      return [...here(type.problems), ...problemsAt(place, type.type)];
    case 'array':
    case 'list':
      return [...here(type.problems), ...problemsAt(`${place}, its elements`, type.element)];
    default:
      return here(type.problems);
  }
}
