/** Bit-fields, which the schema language does not have: the storage that they share becomes one field. */
import { type CMember, sizeOfC } from './c-types.ts';

export interface BitFieldMember extends CMember {
  readonly name: string;
  readonly bitSize: number;
}

/** Bytes that hold bit-fields and nothing else. */
export interface BitStorage {
  readonly kind: 'bits';
  /** Of the first one. */
  readonly name: string;
  readonly bigEndian: boolean;
  /** In the order of declaration; at least one. */
  readonly members: readonly BitFieldMember[];
  /** Bytes from the beginning of the struct. */
  readonly start: number;
  readonly end: number;
}

export function isBitField(member: CMember): member is BitFieldMember {
  return member.bitSize !== undefined && member.name !== undefined;
}

/**
 * The storage of bit-fields that follow each other: for each the unit that its declared type says, as far as `floor` and
 * `ceiling`, the end of what is before and the beginning of what is after, leave it to them. Units that overlap are one.
 */
export function storageOf(members: readonly BitFieldMember[], floor: number, ceiling: number): BitStorage[] {
  const storages: BitStorage[] = [];
  for (const member of members) {
    const unit = unitOf(member);
    const start = Math.max(unit.start, floor);
    const end = Math.min(unit.end, ceiling);
    const last = storages.at(-1);
    if (last === undefined || start >= last.end) {
      storages.push({ kind: 'bits', name: member.name, bigEndian: isBigEndian(member), members: [member], start, end });
    } else {
      const merged = { ...last, members: [...last.members, member], end: Math.max(last.end, end) };
      storages.splice(-1, 1, merged);
    }
  }
  return storages;
}

function isBigEndian({ type }: CMember): boolean {
  return 'bigEndian' in type && type.bigEndian;
}

/** The storage unit of the declared type; in a packed struct a bit-field may cross its end, and then just what it touches. */
function unitOf({ type, bitOffset, bitSize }: BitFieldMember): { readonly start: number; readonly end: number } {
  const unitBytes = sizeOfC(type);
  const start = Math.floor(bitOffset / 8 / unitBytes) * unitBytes;
  if (bitOffset + bitSize <= (start + unitBytes) * 8) return { start, end: start + unitBytes };
  return { start: Math.floor(bitOffset / 8), end: Math.ceil((bitOffset + bitSize) / 8) };
}

/** Where each bit-field lies in the storage, read as one number: from which bit to which, the least significant being 0. */
export function describeBits({ bigEndian, members, start, end }: BitStorage): string {
  const storageBits = (end - start) * 8;
  const parts = members.map(({ name, type, bitOffset, bitSize }) => {
    const before = bitOffset - start * 8;
    const low = bigEndian ? storageBits - before - bitSize : before;
    const range = bitSize === 1 ? `bit ${low}` : `bits ${low} to ${low + bitSize - 1}`;
    return `${name} is ${range}${'signed' in type && type.signed ? ', signed' : ''}`;
  });
  return `Bit-fields, from the least significant bit: ${parts.join('; ')}.`;
}
