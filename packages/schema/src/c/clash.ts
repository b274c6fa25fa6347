import type { NamedTypes } from '../language/collect.ts';
import { schemaInvalid } from '../language/options.ts';
import type { Struct } from '../language/types.ts';
import { checkName, enumeratorName, errorName, memberName, methodNames, serviceNames, typeNameOf } from './names.ts';

interface Payloads {
  readonly name: string;
  readonly input: Struct | undefined;
  readonly output: Struct | undefined;
}

/**
 * Makes sure that no two things of a service get the same name in C: `fooBAR` and `fooBar` do, and so do a struct
 * `OnQuote` and the handler of a method `quote`.
 *
 * @throws IsthmusError `SCHEMA_INVALID` naming both.
 */
export function checkCNames(
  service: string,
  methods: readonly Payloads[],
  errors: readonly string[],
  types: NamedTypes,
): void {
  const names = new Names(`service ${service}`);
  const { schema, register, main, errors: errorType, methods: numbers, guard } = serviceNames(service);
  for (const name of [schema, register, main, numbers, guard]) names.add(name, 'what every service has');
  if (errors.length > 0) names.add(errorType, 'the enumeration of errors');
  for (const error of errors) names.add(errorName(service, error), `error ${error}`);
  for (const { name, values } of types.enums) {
    names.add(typeNameOf(service, name), `enumeration ${name}`);
    for (const value of values)
      names.add(enumeratorName(service, name, value), `value ${value} of enumeration ${name}`);
  }
  for (const { name, layout } of types.structs) {
    names.add(typeNameOf(service, name), `struct ${name}`);
    for (const role of ['input', 'reply'] as const) {
      names.add(checkName(service, name, role), `the check of struct ${name}`);
    }
    const members = new Names(`struct ${name}`);
    for (const field of layout.fields) members.add(memberName(field.name), `field ${field.name}`);
  }
  for (const { name } of methods) {
    for (const cName of Object.values(methodNames(service, name))) names.add(cName, `call ${name}`);
  }
}

class Names {
  readonly #place: string;
  readonly #owners = new Map<string, string>();

  constructor(place: string) {
    this.#place = place;
  }

  add(name: string, owner: string): void {
    const other = this.#owners.get(name);
    if (other !== undefined) throw schemaInvalid(`${this.#place}: ${other} and ${owner} would both be ${name} in C`);
    this.#owners.set(name, owner);
  }
}
