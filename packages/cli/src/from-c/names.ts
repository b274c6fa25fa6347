/** C's names as the schema language has them. docs/cli.md tells the rules. */
import { fieldNameProblems, snakeCase } from '@isthmus/schema';

/** What a field's name ends in where C or JavaScript keeps the name itself. */
const RESERVED_SUFFIX = 'Field';

/** `st_dev` becomes `stDev`, `__pad0` `pad0`, `MAX_SIZE` `maxSize`, `class` `classField`. */
export function fieldNameOf(name: string): string {
  const [first = '', ...others] = wordsOf(name);
  const joined = [lowerFirst(first), ...others.map(upperFirst)].join('');
  const valid = /^[a-z]/.test(joined) ? joined : `field${joined}`;
  return fieldNameProblems(valid).length === 0 ? valid : `${valid}${RESERVED_SUFFIX}`;
}

/** `tcp_info` becomes `TcpInfo`, `SSL_CTX` `SslCtx`. */
export function typeNameOf(name: string): string {
  const joined = wordsOf(name).map(upperFirst).join('');
  return /^[A-Z]/.test(joined) ? joined : `Struct${joined}`;
}

/** Whether the C name follows from ours, and so needs not be told. */
export function isNameOf(cName: string, field: string): boolean {
  return snakeCase(field) === cName;
}

/** Hands out names of one scope, each once: those that are taken get a number, from 2 on. */
export class UniqueNames {
  // In lower case: two names that differ in nothing else might be one in C.
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#taken.has(name.toLowerCase()); number++) name = `${wanted}${number}`;
    this.#taken.add(name.toLowerCase());
    return name;
  }
}

/** The words of a C name: whatever is no letter of English and no digit separates them, and capitals alone are small letters. */
function wordsOf(name: string): string[] {
  return name
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => (/[a-z]/.test(word) ? word : word.toLowerCase()));
}

/** `HTTPPort` becomes `httpPort`. */
function lowerFirst(word: string): string {
  return word.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+/, (capitals) => capitals.toLowerCase());
}

function upperFirst(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
