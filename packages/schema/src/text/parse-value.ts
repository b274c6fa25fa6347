import { shown, TextProblem } from './problem.ts';

// What the canonical text writes for bounds and defaults. All throw TextProblem for anything else; whether a value fits its
// type is for the constructors of the schema language to say.

const number = /^-?[0-9]{1,25}(?:\.[0-9]{1,25})?(?:e[+-][0-9]{1,3})?$/;
const integer = /^-?[0-9]{1,20}$/;

export function numberOf(source: string): number {
  if (!number.test(source)) throw notA('number', source);
  return Number(source);
}

export function integerOf(source: string): number {
  if (!integer.test(source)) throw notA('whole number', source);
  return Number(source);
}

export function bigintOf(source: string): bigint {
  if (!integer.test(source)) throw notA('whole number', source);
  return BigInt(source);
}

export function booleanOf(source: string): boolean {
  if (source !== 'true' && source !== 'false') throw notA('bool', source);
  return source === 'true';
}

export function stringOf(source: string): string {
  const value = jsonOf(source);
  if (typeof value !== 'string') throw notA('string', source);
  return value;
}

/** An array of at most as many names. */
export function namesOf(source: string, most: number): readonly string[] {
  const value = jsonOf(source);
  if (!Array.isArray(value) || value.length > most) throw notA('list of names', source);
  return value.map((name: unknown) => {
    if (typeof name !== 'string') throw notA('list of names', source);
    return name;
  });
}

function jsonOf(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw new TextProblem(`${shown(source)} is not JSON`);
  }
}

function notA(what: string, source: string): TextProblem {
  return new TextProblem(`${shown(source)} is not a ${what}`);
}
