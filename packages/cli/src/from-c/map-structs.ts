/** Turns structs of C into structs of the schema language. */
import { IsthmusError, type Struct, type StructOptions, struct } from '@isthmus/schema';
import { type BitStorage, describeBits } from './bit-fields.ts';
import { type CMember, type CStruct, describeC, sizeOfC } from './c-types.ts';
import { mapStorage, mapType, remarkOn } from './map-type.ts';
import { fieldNameOf, isNameOf, typeNameOf, UniqueNames } from './names.ts';
import { type Field, placeFields } from './place-fields.ts';
import { partsOf, type Value } from './struct-parts.ts';

/** A struct of the schema, and what it must be laid out like. */
export interface Declaration {
  readonly type: Struct;
  /** What the type was made with. */
  readonly options: StructOptions;
  readonly fields: readonly Field[];
  /** Bytes in C. */
  readonly size: number;
}

/** A struct that was asked for, and how. */
export interface Wanted {
  readonly struct: CStruct;
  readonly name: string;
}

/**
 * The declarations of the wanted structs and of all that are in them, each after those that it uses.
 *
 * @param alignments In bytes, of all of these structs.
 */
export function mapStructs(
  wanted: readonly Wanted[],
  alignments: ReadonlyMap<CStruct, number>,
): readonly Declaration[] {
  const declarations = new Map<CStruct, Declaration>();
  const unique = new UniqueNames();
  // First, so that nothing inside of them takes their names.
  const names = new Map(wanted.map(({ struct, name }) => [struct, unique.take(typeNameOf(name))]));

  /** `fallback`: what a struct without a name is called. */
  const structOf = (source: CStruct, fallback: string): Struct => {
    const known = declarations.get(source);
    if (known !== undefined) return known.type;
    const name = names.get(source) ?? unique.take(typeNameOf(source.tag ?? source.alias ?? fallback));
    const align = alignments.get(source);
    if (align === undefined) throw new IsthmusError('INTERNAL', { detail: `the alignment of ${name} is not known` });
    const declaration = declare(source, name, align, (inner, field) => structOf(inner, `${name}_${field}`));
    declarations.set(source, declaration);
    return declaration.type;
  };

  for (const { struct, name } of wanted) structOf(struct, name);
  return [...declarations.values()];
}

function declare(
  source: CStruct,
  name: string,
  align: number,
  structOf: (struct: CStruct, field: string) => Struct,
): Declaration {
  const { size } = source;
  const names = new UniqueNames();
  const { parts, empty } = partsOf(source);
  const mapped = parts.map((part) => {
    return part.kind === 'bits' ? storageField(part, names) : valueField(part, names, structOf);
  });
  const { fields, packed, align: declared } = placeFields(mapped, { size, align: fitting(align, size) }, names);
  const options = {
    description: describeStruct(source, empty),
    ...(packed ? { packed } : {}),
    ...(declared === undefined ? {} : { align: declared }),
  };
  const type = struct(name, Object.fromEntries(fields.map((field) => [field.name, field.type])), options);
  return { type, options, fields, size };
}

function valueField(
  { name: cName, type, offset }: Value,
  names: UniqueNames,
  structOf: (struct: CStruct, field: string) => Struct,
): Field {
  const name = names.take(fieldNameOf(cName ?? `${firstNameIn(type)}_union`));
  const told = [cName !== undefined && !isNameOf(cName, name) ? cName : undefined, remarkOn(type)];
  const remarks = told.filter((remark) => remark !== undefined);
  const description = remarks.length === 0 ? undefined : `In C ${remarks.join(', ')}.`;
  return { name, type: mapType(type, (inner) => structOf(inner, name), description), offset, size: sizeOfC(type) };
}

function storageField(storage: BitStorage, names: UniqueNames): Field {
  const { name, bigEndian, start, end } = storage;
  const size = end - start;
  const type = mapStorage(size, start % size === 0, bigEndian, describeBits(storage));
  return { name: names.take(fieldNameOf(`${name}_bits`)), type, offset: start, size };
}

/** The name of the first member of an anonymous union that has one. */
function firstNameIn(type: Value['type']): string {
  if (type.kind !== 'union' && type.kind !== 'struct') return '';
  const [first] = type.members;
  if (first === undefined) return '';
  return first.name ?? firstNameIn(first.type);
}

function describeStruct(source: CStruct, empty: readonly CMember[]): string {
  const without = empty.map(({ name, type }) =>
    name === undefined ? describeC(type) : `${name} (${describeC(type)})`,
  );
  const rest =
    without.length === 0
      ? ''
      : ` Without ${without.join(', ')}, which ${without.length === 1 ? 'takes' : 'take'} none of its memory.`;
  const named = source.tag === undefined && source.alias === undefined ? 'a struct without a name' : describeC(source);
  return `In C ${named}, ${source.size} byte${source.size === 1 ? '' : 's'}.${rest}`;
}

/** A typedef may ask for a stricter alignment than its struct's size is a multiple of; that holds for the typedef alone. */
function fitting(align: number, size: number): number {
  let fits = align;
  while (size % fits !== 0) fits /= 2;
  return fits;
}
