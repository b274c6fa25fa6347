import { IsthmusError } from '../errors.ts';

/** The error of a schema that cannot be used; `detail` names the place first. */
export function schemaInvalid(detail: string): IsthmusError {
  return new IsthmusError('SCHEMA_INVALID', { detail });
}

/**
 * Refuses options that do not exist: in plain JavaScript a misspelt `minimum` would otherwise silently mean no minimum.
 *
 * @throws IsthmusError `SCHEMA_INVALID`
 */
export function checkOptions(place: string, options: object, allowed: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key)) {
      throw schemaInvalid(`${place}: there is no option ${JSON.stringify(key)}; there are ${allowed.join(', ')}`);
    }
  }
  if ('description' in options && options.description !== undefined && typeof options.description !== 'string') {
    throw schemaInvalid(`${place}: the description must be a string`);
  }
}
