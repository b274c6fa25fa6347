import { type InvalidField, IsthmusError } from '../errors.ts';
import type { Struct, Union, ValueType } from '../language/types.ts';
import { expectation } from './expectation.ts';
import { type Form, fits } from './valid.ts';

/** The most bad fields that an error lists. A list of a million bad elements is not worth an answer of their size. */
export const MOST_FIELDS = 1000;

/** Every bad place of a value, at any depth, up to `MOST_FIELDS`. None if it fits. */
export function invalidFields(type: ValueType, value: unknown, form: Form): readonly InvalidField[] {
  const found: InvalidField[] = [];
  collect(type, value, form, '', found);
  return found;
}

/** The error for a value that the compiled code refused. */
export function invalidInput(type: ValueType, value: unknown, form: Form): IsthmusError {
  const fields = invalidFields(type, value, form);
  const [first] = fields;
  // A getter or a proxy can answer differently each time it is asked; then there is nothing left to point at.
  if (first === undefined) return new IsthmusError('INVALID_INPUT', { detail: 'the value changed while it was read' });
  const place = first.pointer === '' ? 'the input' : first.pointer;
  const others = fields.length - 1;
  const more = others === 0 ? '' : `, and ${fields.length < MOST_FIELDS ? others : `at least ${others}`} more`;
  return new IsthmusError('INVALID_INPUT', { detail: `${place} ${first.message}${more}`, fields });
}

function collect(type: ValueType, value: unknown, form: Form, pointer: string, found: InvalidField[]): void {
  if (found.length === MOST_FIELDS) return;
  if (!fits(type, value, form)) {
    found.push({ pointer, message: value === undefined && pointer !== '' ? 'is missing' : expectation(type, form) });
    return;
  }
  switch (type.kind) {
    case 'struct':
      collectFields(type, value, [], form, pointer, found);
      return;
    case 'union':
      collectVariant(type, value, form, pointer, found);
      return;
    case 'array':
    case 'list':
      // It fits, so it is an array.
      for (let index = 0; Array.isArray(value) && index < value.length; index++) {
        if (found.length === MOST_FIELDS) return;
        collect(type.element, value[index], form, `${pointer}/${index}`, found);
      }
  }
}

function collectVariant(type: Union, value: unknown, form: Form, pointer: string, found: InvalidField[]): void {
  const kind = memberOf(value, 'kind');
  const variant = typeof kind === 'string' && Object.hasOwn(type.variants, kind) ? type.variants[kind] : undefined;
  if (variant !== undefined) collectFields(variant, value, ['kind'], form, pointer, found);
  else if (kind === undefined) add(found, `${pointer}/kind`, 'is missing');
  else add(found, `${pointer}/kind`, `must be one of ${Object.keys(type.variants).join(', ')}`);
}

/** Wrong, missing and unknown fields. `more` are keys that are not fields, but may be there. */
function collectFields(
  type: Struct,
  value: unknown,
  more: readonly string[],
  form: Form,
  pointer: string,
  found: InvalidField[],
): void {
  // for..in, as the compiled code does: what an object inherits from a plain object counts as its own.
  for (const key in Object(value)) {
    if (!Object.hasOwn(type.fields, key) && !more.includes(key)) {
      add(found, `${pointer}/${escapePointer(key)}`, 'is not a field of this struct');
    }
  }
  for (const { name, type: fieldType, presence } of type.layout.fields) {
    const field = memberOf(value, name);
    if (field === undefined && (presence !== undefined || fieldType.default !== undefined)) continue;
    collect(fieldType, field, form, `${pointer}/${name}`, found);
  }
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function add(found: InvalidField[], pointer: string, message: string): void {
  if (found.length < MOST_FIELDS) found.push({ pointer, message });
}

/** RFC 6901: `~` and `/` in a key are written `~0` and `~1`. */
function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
