/**
 * Alignments, which debug information does not have: a second look at the header asks the compiler for them. The answers
 * come as the values of an enumeration, and so the same way as everything else.
 */
import { unreadable } from './byte-reader.ts';
import type { CStruct, CType } from './c-types.ts';
import type { DebugInfo } from './dwarf.ts';
import { attributes, tags } from './dwarf-constants.ts';
import type { Wanted } from './map-structs.ts';
import { partsOf } from './struct-parts.ts';

const enumeration = 'isthmus_alignments';

/** Structs whose alignments are asked for, and what each is called in C. */
export interface Questions {
  /** C code to be compiled behind the header. */
  readonly source: string;
  readonly structs: readonly CStruct[];
}

/** Asks about the wanted structs and all that are in them. */
export function askAlignments(wanted: readonly Wanted[]): Questions {
  const expressions = new Map<CStruct, string>();
  const identifiers = new Set<string>();

  const ask = (struct: CStruct, expression: string): void => {
    if (expressions.has(struct)) return;
    expressions.set(struct, expression);
    for (const part of partsOf(struct).parts) {
      if (part.kind === 'value' && part.name !== undefined)
        askInside(part.type, `((${expression} *)0)->${part.name}`, part.name);
    }
  };
  const askInside = (type: CType, expression: string, member: string): void => {
    if (type.kind === 'array') askInside(type.element, `${expression}[0]`, member);
    else if (type.kind === 'struct') {
      identifiers.add(type.tag ?? type.alias ?? member);
      ask(type, nameInC(type) ?? `__typeof__(${expression})`);
    }
  };

  for (const { struct, name } of wanted) {
    identifiers.add(struct.tag ?? name);
    ask(struct, nameInC(struct) ?? name);
  }
  // A header may have macros of the same names, such as `#define stat stat64`.
  const undefined_ = [...identifiers].map((name) => `#undef ${name}\n`);
  const values = [...expressions.values()].map(
    (expression, index) => `  ${enumeration}_${index} = __alignof__(${expression}),\n`,
  );
  return {
    source: `${undefined_.join('')}enum ${enumeration} {\n${values.join('')}};\n`,
    structs: [...expressions.keys()],
  };
}

/** The answers, in bytes. */
export function readAlignments({ structs }: Questions, info: DebugInfo): ReadonlyMap<CStruct, number> {
  const entry = info.units
    .flatMap(({ children }) => children)
    .find(({ tag, name }) => tag === tags.enumerationType && name === enumeration);
  const values = entry?.children.map(({ values }) => values.get(attributes.constValue)) ?? [];
  return new Map(
    structs.map((struct, index) => {
      const value = values[index];
      if (value === undefined) throw unreadable(`it does not tell the alignment of struct ${struct.tag ?? ''}`);
      return [struct, Number(value)];
    }),
  );
}

function nameInC({ tag, alias }: CStruct): string | undefined {
  return tag === undefined ? alias : `struct ${tag}`;
}
