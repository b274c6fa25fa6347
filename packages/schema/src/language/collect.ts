import { enumLines, structLines } from '../text/lines.ts';
import { schemaInvalid } from './options.ts';
import type { Enumeration, Struct, Type } from './types.ts';

/** The named types of a service, each after those that it uses: the order in which C must declare them. */
export interface NamedTypes {
  readonly enums: readonly Enumeration[];
  readonly structs: readonly Struct[];
}

interface Payloads {
  readonly input: Struct | undefined;
  readonly output: Struct | undefined;
}

/** @throws IsthmusError `SCHEMA_INVALID` when two different types have the same name. */
export function collectTypes(place: string, methods: readonly Payloads[]): NamedTypes {
  const enums = new Map<string, Enumeration>();
  const structs = new Map<string, Struct>();

  const visit = (type: Type | undefined): void => {
    if (type?.kind === 'enum') {
      const known = enums.get(type.name);
      if (known === undefined) enums.set(type.name, type);
      else if (!sameLines(enumLines(known), enumLines(type))) throw twice(type.name);
    } else if (type?.kind === 'struct') {
      for (const { type: fieldType } of type.layout.fields) visit(fieldType);
      const known = structs.get(type.name);
      if (known === undefined) structs.set(type.name, type);
      else if (!sameLines(structLines(known), structLines(type))) throw twice(type.name);
    }
  };
  const twice = (name: string) => schemaInvalid(`${place}: there are two different types of the name ${name}`);

  for (const { input, output } of methods) {
    visit(input);
    visit(output);
  }
  const both = [...enums.keys()].find((name) => structs.has(name));
  if (both !== undefined) throw twice(both);
  return { enums: [...enums.values()], structs: [...structs.values()] };
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
