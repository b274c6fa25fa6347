import { schemaInvalid } from './options.ts';
import { limits, MAX_STRUCT_BYTES, type Type } from './types.ts';

const kinds: ReadonlySet<string> = new Set(['bool', 'text', 'enum', 'struct', ...Object.keys(limits)]);

/**
 * Checks what the types alone cannot: ranges, defaults, capacities.
 *
 * @throws IsthmusError `SCHEMA_INVALID`, its detail beginning with `place`.
 */
export function checkType(place: string, type: Type): void {
  // A schema written in plain JavaScript may hold anything here, `f64` without its parentheses above all.
  if (typeof type !== 'object' || type === null || !kinds.has(type.kind)) {
    throw schemaInvalid(`${place}: this is not a type; types are made by calls such as f64()`);
  }
  switch (type.kind) {
    case 'bool':
      if (type.default !== undefined && typeof type.default !== 'boolean') {
        throw schemaInvalid(`${place}: the default must be true or false`);
      }
      return;
    case 'text':
      checkText(place, type.capacity, type.default);
      return;
    case 'enum':
      if (type.default !== undefined && !type.values.includes(type.default)) {
        throw schemaInvalid(
          `${place}: the default ${JSON.stringify(type.default)} is not one of ${type.values.join(', ')}`,
        );
      }
      return;
    case 'struct':
      return;
    case 'i64':
    case 'u64':
      checkRange(place, type, limits[type.kind], (value) => typeof value === 'bigint', 'a bigint');
      return;
    case 'f32':
    case 'f64':
      checkRange(place, type, limits[type.kind], Number.isFinite, 'a finite number');
      return;
    default:
      checkRange(place, type, limits[type.kind], Number.isInteger, 'a whole number');
  }
}

interface Range<Value> {
  readonly min: Value;
  readonly max: Value;
  readonly default?: Value | undefined;
}

function checkRange<Value extends number | bigint>(
  place: string,
  type: Range<Value> & { readonly kind: string },
  limit: Range<Value>,
  isValue: (value: unknown) => boolean,
  what: string,
): void {
  for (const key of ['min', 'max', 'default'] as const) {
    const value = type[key];
    if (value === undefined) continue;
    if (!isValue(value)) throw schemaInvalid(`${place}: ${key} must be ${what}`);
    if (value < limit.min || value > limit.max) {
      throw schemaInvalid(`${place}: ${key} ${value} is outside of what ${type.kind} can hold`);
    }
  }
  if (type.min > type.max) throw schemaInvalid(`${place}: min ${type.min} is greater than max ${type.max}`);
  if (type.default !== undefined && (type.default < type.min || type.default > type.max)) {
    throw schemaInvalid(`${place}: the default ${type.default} is outside of min and max`);
  }
}

function checkText(place: string, capacity: number, fallback: string | undefined): void {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity >= MAX_STRUCT_BYTES) {
    throw schemaInvalid(`${place}: the capacity must be a whole number of bytes from 1 to ${MAX_STRUCT_BYTES - 1}`);
  }
  if (fallback === undefined) return;
  if (typeof fallback !== 'string' || !fallback.isWellFormed() || fallback.includes('\0')) {
    throw schemaInvalid(`${place}: the default must be well-formed text without NUL characters`);
  }
  const bytes = new TextEncoder().encode(fallback).length;
  if (bytes > capacity) throw schemaInvalid(`${place}: the default takes ${bytes} bytes of ${capacity}`);
}
