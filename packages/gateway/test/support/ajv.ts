/** A validator of JSON Schema as OpenAPI 3.1 has it, set as strictly as callers may set theirs. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

export function compile(schema: object): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, validateFormats: false });
  // Words of our own for people, not for validators.
  return ajv.addVocabulary(['x-unit']).compile(schema);
}

/** The JSON pointers of the bad places, each once: a missing or unknown field is named itself, not the object around it. */
export function pointersOf(errors: readonly ErrorObject[] | null | undefined): string[] {
  return [...new Set((errors ?? []).map(pointerOf))].sort();
}

function pointerOf({ instancePath, params }: ErrorObject): string {
  const name: unknown = params.missingProperty ?? params.additionalProperty;
  return typeof name === 'string'
    ? `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    : instancePath;
}
