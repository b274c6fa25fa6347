import type { Service } from '@isthmus/schema';

/**
 * True for what `service(...)` returned. A check of the shape and not of a class: the schema file may have been imported
 * through another copy of `@isthmus/schema` than ours.
 */
export function isService(value: unknown): value is Service {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'methods' in value &&
    Array.isArray(value.methods) &&
    'calls' in value &&
    'text' in value &&
    typeof value.text === 'string' &&
    'hash' in value &&
    value.hash instanceof Uint8Array
  );
}
