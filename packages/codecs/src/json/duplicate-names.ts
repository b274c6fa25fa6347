/** Finds names that one JSON object gives twice, which `JSON.parse` passes over in silence: the last one wins. */
import type { InvalidField } from '@isthmus/schema';
import { pointerStep } from '../pointer.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Whether any object of a JSON text gives a name twice. `value` is what `JSON.parse` made of it: it has fewer members
 * than the text exactly if some name was given again. Counting both costs well under a microsecond for a small body; a
 * scan that remembers names only runs when the counts differ.
 */
export function hasDuplicateNames(text: string, value: unknown): boolean {
  return membersWritten(text) !== membersParsed(value);
}

/** The members that the text has, counted by their colons outside of strings. The text is known to be valid JSON. */
function membersWritten(text: string): number {
  let count = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) inString = !inString;
    else if (inString) {
      if (unit === BACKSLASH) i++;
    } else if (unit === COLON) count++;
  }
  return count;
}

/** Not recursive, so that no depth of nesting exhausts the stack. */
function membersParsed(value: unknown): number {
  let count = 0;
  const rest = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next !== 'object' || next === null) continue;
    const children: unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += children.length;
    for (const child of children) if (typeof child === 'object') rest.push(child);
  }
  return count;
}

interface Container {
  readonly pointer: string;
  /** The names seen so far; undefined for an array. */
  readonly names: Set<string> | undefined;
  /** In an object, whether the next string is a name. */
  expectsName: boolean;
  /** The current name, or the current index of an array. */
  key: string | number;
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/** Each name given again, by its JSON pointer. The text is known to be valid JSON. */
export function duplicateFields(text: string): InvalidField[] {
  const found: InvalidField[] = [];
  const containers: Container[] = [];
  for (const [token] of text.matchAll(tokens)) {
    const current = containers.at(-1);
    if (token === '{' || token === '[') {
      const names = token === '{' ? new Set<string>() : undefined;
      const pointer = current === undefined ? '' : pointerTo(current, current.key);
      containers.push({ pointer, names, expectsName: names !== undefined, key: 0 });
    } else if (token === '}' || token === ']') {
      containers.pop();
    } else if (current === undefined) {
      // A string that is the whole document.
    } else if (token === ',') {
      current.expectsName = current.names !== undefined;
      if (typeof current.key === 'number') current.key++;
    } else if (current.names !== undefined && current.expectsName) {
      const name = String(JSON.parse(token));
      if (current.names.has(name)) found.push({ pointer: pointerTo(current, name), message: 'is given twice' });
      current.names.add(name);
      current.expectsName = false;
      current.key = name;
    }
  }
  return found;
}

function pointerTo(container: Container, key: string | number): string {
  return container.pointer + pointerStep(key);
}
