import { inspect } from 'node:util';

/** The largest offset whose number is exact. */
const maxOffset = Number.MAX_SAFE_INTEGER;

/**
 * Reads the members of an object that may be anything. What is wrong is added to the problems, and something sound is returned
 * in its place, which must not be used when there are problems.
 */
export class OptionReader {
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #problems: string[];

  /** @param known The names of the members that there may be. */
  constructor(value: unknown, path: string, problems: string[], known: readonly string[]) {
    this.#path = path;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) problems.push(`${path}: must be an object, not ${show(value)}`);
    this.#given = isObject ? { ...value } : {};
    // Of what is no object nothing more need be said.
    this.#problems = isObject ? problems : [];
    for (const name of Object.keys(this.#given)) {
      if (!known.includes(name)) this.refuse(name, `is not an option; known are ${known.join(', ')}`);
    }
  }

  has(name: string): boolean {
    return this.#given[name] !== undefined;
  }

  value(name: string): unknown {
    return this.#given[name];
  }

  refuse(name: string, reason: string): void {
    this.#problems.push(`${this.#place(name)}: ${reason}`);
  }

  /** The reader of a member that is an object. */
  inner(name: string, known: readonly string[]): OptionReader {
    return new OptionReader(this.#given[name], this.#place(name), this.#problems, known);
  }

  /** Which one of these is there; undefined where it is none, or several. */
  one<const Name extends string>(names: readonly Name[]): Name | undefined {
    const found = names.filter((name) => this.has(name));
    if (found.length === 1) return found[0];
    const reason = `needs exactly one of ${names.join(', ')}, and has ${found.length === 0 ? 'none' : found.join(' and ')}`;
    this.#problems.push(this.#path === '' ? reason : `${this.#path}: ${reason}`);
    return undefined;
  }

  integer(name: string, low: number, high: number, fallback?: number): number {
    const value = this.#given[name] ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value;
    this.refuse(name, `must be a whole number from ${low} to ${high}, not ${show(value)}`);
    return low;
  }

  offset(name: string, fallback?: number): number {
    return this.integer(name, 0, maxOffset, fallback);
  }

  number(name: string, low: number, high: number, fallback?: number): number {
    const value = this.#given[name] ?? fallback;
    if (typeof value === 'number' && value >= low && value <= high) return value;
    this.refuse(name, `must be a number from ${low} to ${high}, not ${show(value)}`);
    return low;
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#given[name] ?? fallback;
    if (typeof value === 'boolean') return value;
    this.refuse(name, `must be true or false, not ${show(value)}`);
    return fallback;
  }

  text(name: string, pattern: RegExp, what: string, maxBytes: number): string {
    const value = this.#given[name];
    if (typeof value === 'string' && pattern.test(value) && Buffer.byteLength(value) <= maxBytes) return value;
    this.refuse(name, `must be ${what}, not ${show(value)}`);
    return '';
  }

  #place(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

function show(value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 50, maxArrayLength: 0, breakLength: Number.POSITIVE_INFINITY });
}
