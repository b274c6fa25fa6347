/** A validator of JSON Schema as OpenAPI 3.1 has it, set as strictly as callers may set theirs. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../../src/index.ts';

export function compile(schema: JsonSchema): ValidateFunction {
  const validator = new Ajv2020({ allErrors: true, strict: true, validateFormats: false, discriminator: true });
  return validator.addVocabulary(['x-unit']).compile(withDiscriminators(schema));
}

/**
 * Has the validator tell the variants of a union apart by their `kind`, as OpenAPI's `discriminator` does, so that it says what
 * is wrong with the one that is there, and not with every other.
 */
function withDiscriminators(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (_key, value) => {
    const isUnion = Array.isArray(value?.oneOf) && value.oneOf[0]?.properties?.kind?.const !== undefined;
    return isUnion ? { ...value, discriminator: { propertyName: 'kind' } } : value;
  }) as JsonSchema;
}

/** The JSON pointers of the bad places, each once: a missing or unknown field is named itself, not the object around it. */
export function pointersOf(errors: readonly ErrorObject[] | null | undefined): string[] {
  return [...new Set((errors ?? []).map(pointerOf))];
}

function pointerOf({ instancePath, params, keyword }: ErrorObject): string {
  const name: unknown =
    keyword === 'discriminator' ? params.tag : (params.missingProperty ?? params.additionalProperty);
  return typeof name === 'string'
    ? `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    : instancePath;
}
