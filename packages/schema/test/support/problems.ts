/** What is wrong with a schema, as tests look at it. */
import assert from 'node:assert/strict';
import { type Calls, call, IsthmusError, type Struct, service, struct } from '../../src/index.ts';

/** What plain JavaScript may pass where TypeScript would not let it. */
export const js = (value: unknown) => value as never;

/** The lines of the SCHEMA_INVALID that `make` must throw. */
export function refusal(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof IsthmusError, error instanceof Error ? error.stack : String(error));
    assert.equal(error.code, 'SCHEMA_INVALID');
    return error.detail.split('\n');
  }
  return assert.fail('it was taken');
}

/** The problems of a service with the calls; without their place where all have the same one. */
export const serviceProblems = (calls: unknown, name: unknown = 'boxes', options: object = {}) =>
  refusal(() => service(js(name), calls as Calls, options));

/** The problems of a service one of whose calls takes a struct. */
export const structProblems = (type: Struct) => serviceProblems({ get: call({ input: type }) });

/** The problems of the field `x` of a struct `Box`. */
export function fieldProblems(type: unknown, name = 'x'): string[] {
  const place = `struct Box, field ${name}: `;
  return structProblems(struct('Box', { [name]: js(type) })).map((line) => {
    assert.ok(line.startsWith(place), line);
    return line.slice(place.length);
  });
}
