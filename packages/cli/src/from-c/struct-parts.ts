/** What the memory of a struct consists of: values one after the other, and the storage of bit-fields between them. */
import { type BitFieldMember, type BitStorage, isBitField, storageOf } from './bit-fields.ts';
import { unreadable } from './byte-reader.ts';
import { type CMember, type CStruct, type CType, describeC, sizeOfC } from './c-types.ts';

export interface Value {
  readonly kind: 'value';
  /** `undefined`: an anonymous union. */
  readonly name: string | undefined;
  readonly type: CType;
  /** Bytes from the beginning of the struct. */
  readonly offset: number;
}

export interface StructParts {
  /** In the order of memory, without overlap. */
  readonly parts: readonly (Value | BitStorage)[];
  /** Members that take no memory of the struct: arrays without a length, and GNU C's empty structs. */
  readonly empty: readonly CMember[];
}

/**
 * @throws IsthmusError BUILD_FAILED when members overlap, as clang makes it seem with a bit-field that is as wide as its type
 *   and does not begin at a byte.
 */
export function partsOf(struct: CStruct): StructParts {
  const { members, size } = struct;
  const all = flatten(members, 0);
  const solid = all.filter(({ type }) => sizeOfC(type) > 0);
  const parts: (Value | BitStorage)[] = [];
  let end = 0;
  let bitFields: BitFieldMember[] = [];
  const closeBitFields = (ceiling: number): void => {
    parts.push(...storageOf(bitFields, end, ceiling));
    bitFields = [];
  };
  let endBits = 0;
  for (const member of solid) {
    if (member.bitOffset < endBits) {
      const hint = 'clang leaves out where some bit-fields of packed structs lie, and gcc does not';
      throw unreadable(`${describeC(struct)}: ${member.name} overlaps what is before it (${hint})`);
    }
    endBits = member.bitOffset + (member.bitSize ?? sizeOfC(member.type) * 8);
    if (isBitField(member)) {
      bitFields.push(member);
      continue;
    }
    const { name, type } = member;
    const offset = member.bitOffset / 8;
    closeBitFields(offset);
    parts.push({ kind: 'value', name, type, offset });
    end = offset + sizeOfC(type);
  }
  closeBitFields(size);
  return { parts, empty: all.filter(({ type }) => sizeOfC(type) === 0) };
}

/** Members of an anonymous struct are members of the struct that it is in. */
function flatten(members: readonly CMember[], base: number): CMember[] {
  return members.flatMap((member) => {
    const bitOffset = base + member.bitOffset;
    const { name, type } = member;
    return name === undefined && type.kind === 'struct' ? flatten(type.members, bitOffset) : [{ ...member, bitOffset }];
  });
}
