import { base64Bytes } from '../codec/base64.ts';
import { utf8Length } from '../codec/text.ts';

/**
 * The forms of a value that a codec gives. What a view gives is the same as `native`, but its structs and unions are objects
 * whose fields are decoded when they are read.
 */
export type Form = 'native' | 'json' | 'view';

// Values come from a codec of the type that they are said to be of: what makes the assertions here true.

export function memberOf(value: unknown, name: string): unknown {
  return Reflect.get(value as object, name);
}

export function elementsOf(value: unknown): readonly unknown[] {
  return value as readonly unknown[];
}

export function countOf(value: unknown): number {
  return elementsOf(value).length;
}

export function textBytes(value: unknown): number {
  return utf8Length(value as string);
}

/** How many bytes a value of `bytes()` has, in a form. */
export function bytesIn(form: Form): (value: unknown) => number {
  return form === 'json' ? (value) => base64Bytes(value as string) : (value) => (value as Uint8Array).length;
}

/** Whether two values are the same that defaults can be: of plain types, flags, or empty. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const [left, right] = [elementsOf(a), elementsOf(b)];
  return left.length === right.length && left.every((element, index) => Object.is(element, right[index]));
}
