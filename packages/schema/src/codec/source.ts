import { IsthmusError } from '../errors.ts';

/**
 * The source of one function while it is written.
 *
 * What goes into it as text: names that the schema's rules restrict to letters, digits and underscores (see `word`), and
 * numbers. All else (defaults, tables, functions) is a constant by reference, so that no text of a user is ever read as code.
 */
export class Source {
  readonly #lines: string[] = [];
  readonly #constants = new Map<unknown, string>();
  #variables = 0;

  add(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  /** A name that is not used yet in this function. */
  variable(letter: string): string {
    return `${letter}${this.#variables++}`;
  }

  /** The name by which the source refers to `value`. */
  constant(value: unknown): string {
    // A map takes it for 0.
    if (Object.is(value, -0)) return '-0';
    const known = this.#constants.get(value);
    if (known !== undefined) return known;
    const name = `k${this.#constants.size}`;
    this.#constants.set(value, name);
    return name;
  }

  /** The function. What its type says is for the caller to see to. */
  compile(...parameters: readonly string[]): unknown {
    return this.#evaluate(`function (${parameters.join(', ')}) {\n${this.#lines.join('\n')}\n}`);
  }

  /** The class whose members the lines are. */
  compileClass(): unknown {
    return this.#evaluate(`class {\n${this.#lines.join('\n')}\n}`);
  }

  #evaluate(expression: string): unknown {
    const names = [...this.#constants.values()].join(', ');
    const build: unknown = new Function(
      'constants',
      `"use strict";\nconst [${names}] = constants;\nreturn ${expression};`,
    );
    return typeof build === 'function' ? build([...this.#constants.keys()]) : undefined;
  }
}

/**
 * A name of the schema as part of a source.
 *
 * @throws IsthmusError `INTERNAL` for what the schema's own rules should not have let through.
 */
export function word(name: string): string {
  if (/^[a-zA-Z][a-zA-Z0-9_]*$/.test(name)) return name;
  throw new IsthmusError('INTERNAL', { detail: `${JSON.stringify(name)} cannot be a name in compiled code` });
}

/** Where in memory something is: names of a DataView and a Uint8Array, and an address in both. */
export interface Place {
  readonly view: string;
  readonly bytes: string;
  /** The name of a variable, and what is to be added to it. */
  readonly base: string;
  readonly offset: number;
}

/** The place `bytes` further on. */
export function further(place: Place, bytes: number): Place {
  return { ...place, offset: place.offset + bytes };
}

/** The address as an expression. */
export function addressOf({ base, offset }: Place): string {
  return offset === 0 ? base : `${base} + ${offset}`;
}

/** What the compiled functions are called with. */
export const start: Place = { view: 'view', bytes: 'bytes', base: 'at', offset: 0 };

/** From here on, a call of fill() costs less than stores. */
const MANY = 64;

/** The statements that write `size` zero bytes. */
export function zeroSource(place: Place, size: number): string[] {
  if (size > MANY) {
    return [`${place.bytes}.fill(0, ${addressOf(place)}, ${addressOf(further(place, size))});`];
  }
  const lines: string[] = [];
  let done = 0;
  // A double of 0 is eight zero bytes.
  for (const [width, setter] of [
    [8, 'Float64'],
    [4, 'Uint32'],
    [2, 'Uint16'],
    [1, 'Uint8'],
  ] as const) {
    for (; size - done >= width; done += width) {
      lines.push(`${place.view}.set${setter}(${addressOf(further(place, done))}, 0);`);
    }
  }
  return lines;
}
