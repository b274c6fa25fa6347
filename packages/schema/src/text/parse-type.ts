import { field } from '../language/field.ts';
import { array, list } from '../language/sequences.ts';
import { type Enumeration, type Flags, MAX_DEPTH, type Struct, type Union, type ValueType } from '../language/types.ts';
import { builtinType } from './builtin-types.ts';
import { namesOf, stringOf } from './parse-value.ts';
import { requireNone, shown, TextProblem } from './problem.ts';
import { emptyOf, noWords, tailOptions, type Words } from './words.ts';

export type NamedType = Enumeration | Flags | Struct | Union;

/**
 * Reads one type as `text/lines.ts` writes it.
 *
 * @param words What stands behind it on its line.
 * @param known The named types that are declared above.
 * @throws TextProblem
 */
export function parseType(source: string, words: Words, known: ReadonlyMap<string, NamedType>): ValueType {
  const reader = new TypeReader(source, known);
  const type = reader.read(words);
  reader.requireEnd();
  return type;
}

/** `name`, `name(12)`. */
const nameAt = /([A-Za-z][A-Za-z0-9]*)(?:\(([0-9]{1,10})\))?/y;
const bracesAt = /\{([^{}]*)\}/y;
const lengthAt = /\[([0-9]{1,10})\]/y;

class TypeReader {
  readonly #source: string;
  readonly #known: ReadonlyMap<string, NamedType>;
  #at = 0;
  /** Lists and arrays so far: what bounds the recursion. */
  #depth = 0;

  constructor(source: string, known: ReadonlyMap<string, NamedType>) {
    this.#source = source;
    this.#known = known;
  }

  read(words: Words): ValueType {
    const make = this.#base();
    const [braces] = this.#take(bracesAt) ?? [];
    const isElement = braces !== undefined || this.#source[this.#at] === '[';
    let type = make(
      isElement ? { narrowing: braces === undefined ? [] : braces.split(','), fallback: undefined } : words,
    );
    if (isElement && (words.narrowing.length > 0 || words.fallback !== undefined)) {
      throw new TextProblem('an array has neither bounds nor a default');
    }
    for (let found = this.#take(lengthAt); found !== undefined; found = this.#take(lengthAt)) {
      this.#deeper();
      type = array(type, Number(found[0]));
      requireNone(type.problems);
    }
    return type;
  }

  requireEnd(): void {
    if (this.#at < this.#source.length) throw this.#notAType();
  }

  /** A type up to where braces or a length may follow: made once they are known. */
  #base(): (words: Words) => ValueType {
    if (this.#source.startsWith('list<', this.#at)) {
      this.#at += 'list<'.length;
      this.#deeper();
      const element = this.read(noWords);
      if (this.#source[this.#at++] !== '>') throw this.#notAType();
      return (words) => made(list(element, tailOptions(words, emptyOf)));
    }
    const [name = '', length] = this.#take(nameAt) ?? [];
    return (words) => made(this.#typeOf(name, length, words));
  }

  #typeOf(name: string, length: string | undefined, words: Words): ValueType {
    const builtin = builtinType(name, length, words);
    if (builtin !== undefined) return builtin;
    const named = length === undefined ? this.#known.get(name) : undefined;
    if (named === undefined) throw this.#notAType();
    if (words.narrowing.length > 0) throw new TextProblem(`${name} has no bounds`);
    return words.fallback === undefined ? named : withDefault(named, words.fallback);
  }

  /** The groups of a pattern at this place, which is then behind it. */
  #take(pattern: RegExp): (string | undefined)[] | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match.slice(1);
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new TextProblem(`more than ${MAX_DEPTH} types are inside of each other`);
  }

  #notAType(): TextProblem {
    return new TextProblem(`${shown(this.#source)} is not a type that is declared above`);
  }
}

function made(type: ValueType): ValueType {
  requireNone(type.problems);
  return type;
}

function withDefault(type: NamedType, fallback: string): NamedType {
  switch (type.kind) {
    case 'enum': {
      const value = stringOf(fallback);
      if (!valuesOf(type).has(value)) throw new TextProblem(`${shown(value)} is not a value of ${type.name}`);
      return Object.freeze({ ...type, default: value });
    }
    case 'flags': {
      const known = field(type, { default: namesOf(fallback, type.bits) });
      requireNone(known.fieldProblems);
      return known;
    }
    default:
      throw new TextProblem(`${type.name} has no default`);
  }
}

const valueSets = new WeakMap<Enumeration, ReadonlySet<string>>();

/** To look a default up in. `field`, which does the same, goes through them: too slow where each of many fields has a default. */
function valuesOf(type: Enumeration): ReadonlySet<string> {
  const values = valueSets.get(type) ?? new Set(type.values);
  valueSets.set(type, values);
  return values;
}
