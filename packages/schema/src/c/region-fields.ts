import type { PlacedField, Struct } from '../language/types.ts';

/** The fields of a region that have a function which writes just this one: plain numbers and names, but not the key. */
export function writtenFields({ layout }: Struct, key: PlacedField | undefined): PlacedField[] {
  return layout.fields.filter(({ name, type, presence }) => {
    return name !== key?.name && presence === undefined && !compound.has(type.kind);
  });
}

const compound: ReadonlySet<string> = new Set(['text', 'bytes', 'array', 'struct', 'union']);
