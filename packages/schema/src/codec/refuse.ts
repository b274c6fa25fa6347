import { type InvalidField, IsthmusError } from '../errors.ts';
import type { Struct, Type } from '../language/types.ts';
import { expectation } from './expectation.ts';
import { type Form, fits } from './valid.ts';

/** Every bad place of `value`: wrong, missing and unknown fields, at any depth. Empty when it fits. */
export function invalidFields(type: Struct, value: unknown, form: Form): readonly InvalidField[] {
  const found: InvalidField[] = [];
  collect(type, value, form, '', found);
  return found;
}

function collect(type: Type, value: unknown, form: Form, pointer: string, found: InvalidField[]): void {
  if (!fits(type, value, form)) {
    found.push({ pointer, message: expectation(type) });
    return;
  }
  if (type.kind !== 'struct' || typeof value !== 'object' || value === null) return;
  // for..in, as the compiled code does: what an object inherits from a plain object counts as its own.
  for (const key in value) {
    if (!Object.hasOwn(type.fields, key)) {
      found.push({ pointer: `${pointer}/${escapePointer(key)}`, message: 'is not a field of this struct' });
    }
  }
  for (const { name, type: fieldType } of type.layout.fields) {
    const field: unknown = Reflect.get(value, name);
    if (field !== undefined) collect(fieldType, field, form, `${pointer}/${name}`, found);
    else if (fieldType.kind === 'struct' || fieldType.default === undefined) {
      found.push({ pointer: `${pointer}/${name}`, message: 'is missing' });
    }
  }
}

/** RFC 6901: `~` and `/` in a key are written `~0` and `~1`. */
function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The error for a value that the compiled code refused. */
export function invalidInput(type: Struct, value: unknown, form: Form): IsthmusError {
  const fields = invalidFields(type, value, form);
  const [first] = fields;
  // A getter or a proxy can answer differently each time it is asked; then there is nothing left to point at.
  if (first === undefined) return new IsthmusError('INVALID_INPUT', { detail: 'the value changed while it was read' });
  const place = first.pointer === '' ? 'the input' : first.pointer;
  const more = fields.length > 1 ? `, and ${fields.length - 1} more` : '';
  return new IsthmusError('INVALID_INPUT', { detail: `${place} ${first.message}${more}`, fields });
}

/** Throws if `value` has unknown fields. Properties that are there but `undefined` are not: they count as left out. */
export function refuseUnknownFields(type: Struct, value: unknown, form: Form): void {
  if (invalidFields(type, value, form).length > 0) throw invalidInput(type, value, form);
}

/** The error for bytes that no correct handler writes. */
export function badReply(pointer: string, message: string): IsthmusError {
  return new IsthmusError('HANDLER_FAULT', { detail: `field ${pointer} ${message}` });
}
