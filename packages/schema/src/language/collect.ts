import { enumLines, flagsLines, structLines, unionLines } from '../text/lines.ts';
import type { Payload } from './call.ts';
import type { Enumeration, Flags, Layout, Struct, Type, Union, UnionLayout } from './types.ts';

/** The named types of a service, each after those that it uses: the order in which C must declare them. */
export interface NamedTypes {
  readonly enums: readonly Enumeration[];
  readonly flags: readonly Flags[];
  /** Structs and unions. */
  readonly composites: readonly (Struct | Union)[];
}

type Named = Enumeration | Flags | Struct | Union;

/** What uses types: all of a service, or some of it. */
export interface TypeUsers {
  readonly methods: readonly { readonly input: Payload | undefined; readonly output: Payload | undefined }[];
  readonly regionList?: readonly { readonly struct: Struct }[];
}

/** Adds to `problems` where two different types have the same name. */
export function collectTypes({ methods, regionList = [] }: TypeUsers, problems: string[] = []): NamedTypes {
  const types = new Map<string, Named>();
  // Each struct once, or one of two lists of a struct of two lists of .. would take 2^32 visits.
  const visited = new Set<Layout | UnionLayout>();

  const visit = (type: Type): void => {
    switch (type.kind) {
      case 'optional':
        visit(type.type);
        return;
      case 'array':
      case 'list':
        visit(type.element);
        return;
      case 'struct':
        if (visited.has(type.layout)) return;
        visited.add(type.layout);
        for (const { type: fieldType } of type.layout.fields) visit(fieldType);
        add(type);
        return;
      case 'union':
        if (visited.has(type.layout)) return;
        visited.add(type.layout);
        for (const variant of Object.values(type.variants)) visit(variant);
        add(type);
        return;
      case 'enum':
      case 'flags':
        add(type);
    }
  };
  const add = (type: Named): void => {
    const known = types.get(type.name);
    if (known === undefined) types.set(type.name, type);
    else if (!sameDeclaration(known, type) && !sameLines(linesOf(known), linesOf(type))) {
      problems.push(`there are two different types of the name ${type.name}`);
    }
  };

  for (const { input, output } of methods) {
    if (input !== undefined) visit(input);
    if (output !== undefined) visit(output);
  }
  for (const { struct } of regionList) visit(struct);
  const all = [...types.values()];
  return {
    enums: all.filter((type) => type.kind === 'enum'),
    flags: all.filter((type) => type.kind === 'flags'),
    composites: all.filter((type) => type.kind === 'struct' || type.kind === 'union'),
  };
}

/** `field` gives a type a description or a default and leaves the rest as it is. */
function sameDeclaration(a: Named, b: Named): boolean {
  if ('values' in a) return 'values' in b && a.values === b.values;
  return 'layout' in b && a.layout === b.layout;
}

function linesOf(type: Named): string[] {
  switch (type.kind) {
    case 'enum':
      return enumLines(type);
    case 'flags':
      return flagsLines(type);
    case 'struct':
      return structLines(type);
    case 'union':
      return unionLines(type);
  }
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
