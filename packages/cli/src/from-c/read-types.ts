/** Builds C's types from the entries of debug information. */
import { unreadable } from './byte-reader.ts';
import { type CEnum, type CMember, type CScalar, type CStruct, type CType, type CUnion, sizeOfC } from './c-types.ts';
import type { DebugInfo, Entry } from './dwarf.ts';
import { attributes, bigEndian, encodings, tags } from './dwarf-constants.ts';

/** More types inside of each other than any header has: a bound for damaged input, whose types may refer in circles. */
const MAX_DEPTH = 256;

/** The types of one program. Each struct is the same object wherever it is met. */
export class TypeReader {
  readonly #entries: DebugInfo['byOffset'];
  readonly #structs = new Map<number, CStruct>();
  #depth = 0;

  constructor({ byOffset }: DebugInfo) {
    this.#entries = byOffset;
  }

  /**
   * The type that an entry stands for.
   *
   * @throws IsthmusError BUILD_FAILED when the debug information contradicts itself.
   */
  read(start: Entry): CType {
    if (this.#depth >= MAX_DEPTH) throw unreadable(`more than ${MAX_DEPTH} types are inside of each other`);
    this.#depth += 1;
    try {
      const { entry, alias } = this.strip(start);
      return this.#readStripped(entry, alias);
    } finally {
      this.#depth -= 1;
    }
  }

  /** Without typedefs and qualifiers, and the last typedef's name. */
  strip(start: Entry): { readonly entry: Entry; readonly alias: string | undefined } {
    let entry = start;
    let alias: string | undefined;
    for (let steps = 0; transparent.has(entry.tag); steps++) {
      if (steps >= MAX_DEPTH) throw unreadable(`the typedef at 0x${start.offset.toString(16)} refers to itself`);
      if (entry.tag === tags.typedef) alias = entry.name;
      entry = this.#typeOf(entry);
    }
    return { entry, alias };
  }

  #readStripped(entry: Entry, alias: string | undefined): CType {
    switch (entry.tag) {
      case tags.baseType:
        return readScalar(entry);
      case tags.enumerationType:
        return this.#readEnum(entry);
      case tags.pointerType:
        // clang leaves out the size of its only kind.
        return { kind: 'pointer', size: Number(entry.values.get(attributes.byteSize) ?? 8n) };
      case tags.arrayType:
        return this.#readArray(entry);
      case tags.structureType:
        return this.#readStruct(entry, alias);
      case tags.unionType:
        return this.#readUnion(entry);
      default:
        throw unreadable(
          `entry 0x${entry.offset.toString(16)} is of kind 0x${entry.tag.toString(16)}, which is no type of data`,
        );
    }
  }

  #typeOf(entry: Entry): Entry {
    const found = entry.type === undefined ? undefined : this.#entries.get(entry.type);
    if (found === undefined)
      throw unreadable(`entry 0x${entry.offset.toString(16)} refers to a type that does not exist`);
    return found;
  }

  #readEnum(entry: Entry): CEnum {
    const values = entry.children
      .filter(({ tag }) => tag === tags.enumerator)
      .map((value) => ({ name: value.name ?? '', value: numberOf(value, attributes.constValue) }));
    const underlying = entry.type === undefined ? undefined : this.read(this.#typeOf(entry));
    const signed = underlying?.kind === 'integer' ? underlying.signed : values.some(({ value }) => value < 0n);
    return { kind: 'enum', tag: entry.name, size: sizeOfEntry(entry), signed, bigEndian: false, values };
  }

  #readArray(entry: Entry): CType {
    const ranges = entry.children.filter(({ tag }) => tag === tags.subrangeType);
    return ranges.reduceRight<CType>(
      (element, range) => ({ kind: 'array', element, length: lengthOf(range) }),
      this.read(this.#typeOf(entry)),
    );
  }

  #readStruct(entry: Entry, alias: string | undefined): CStruct {
    const known = this.#structs.get(entry.offset);
    if (known !== undefined) return known;
    const struct: CStruct = {
      kind: 'struct',
      tag: entry.name,
      alias,
      size: sizeOfEntry(entry),
      members: withStorageOrder(this.#readMembers(entry)),
    };
    this.#structs.set(entry.offset, struct);
    return struct;
  }

  #readUnion(entry: Entry): CUnion {
    return { kind: 'union', tag: entry.name, size: sizeOfEntry(entry), members: this.#readMembers(entry) };
  }

  /** Without bit-fields that have no name: these are padding. */
  #readMembers(entry: Entry): CMember[] {
    return entry.children
      .filter(({ tag, name, values }) => tag === tags.member && (name !== undefined || !values.has(attributes.bitSize)))
      .map((member) => {
        const type = this.read(this.#typeOf(member));
        const bitSize = member.values.get(attributes.bitSize);
        const bitOffset = bitOffsetOf(member, bitSize, type);
        // One that is as wide as its type is a plain member, which is what clang calls it.
        const isPlain = bitSize === undefined || (Number(bitSize) === sizeOfC(type) * 8 && bitOffset % 8 === 0);
        return { name: member.name, type, bitOffset, bitSize: isPlain ? undefined : Number(bitSize) };
      });
  }
}

const transparent: ReadonlySet<number> = new Set([
  tags.typedef,
  tags.constType,
  tags.volatileType,
  tags.restrictType,
  tags.atomicType,
]);

const scalarKinds: ReadonlyMap<number, Pick<CScalar, 'kind' | 'signed'>> = new Map([
  [encodings.boolean, { kind: 'bool', signed: false }],
  [encodings.signed, { kind: 'integer', signed: true }],
  [encodings.signedChar, { kind: 'integer', signed: true }],
  [encodings.unsigned, { kind: 'integer', signed: false }],
  [encodings.unsignedChar, { kind: 'integer', signed: false }],
  [encodings.utf, { kind: 'integer', signed: false }],
  [encodings.float, { kind: 'float', signed: true }],
  [encodings.complexFloat, { kind: 'complex', signed: true }],
  [encodings.decimalFloat, { kind: 'decimalFloat', signed: true }],
]);

function readScalar(entry: Entry): CScalar {
  const encoding = Number(numberOf(entry, attributes.encoding));
  const known = scalarKinds.get(encoding);
  if (known === undefined) throw unreadable(`the type ${entry.name} has the encoding 0x${encoding.toString(16)}`);
  return {
    ...known,
    size: sizeOfEntry(entry),
    isChar: entry.name === 'char',
    bigEndian: entry.values.get(attributes.endianity) === bigEndian,
  };
}

/**
 * Bits from the beginning of the struct. DWARF 2's way, which compilers keep to in version 4, counts a bit-field from the most
 * significant bit of a storage unit; where the field crosses the end of its unit the count is negative, and clang writes it
 * without a sign.
 */
function bitOffsetOf(member: Entry, bitSize: bigint | undefined, type: CType): number {
  const dataBitOffset = member.values.get(attributes.dataBitOffset);
  if (dataBitOffset !== undefined) return Number(dataBitOffset);
  // A union's members have no location.
  const bytes = member.values.get(attributes.dataMemberLocation) ?? 0n;
  if (bitSize === undefined) return Number(bytes * 8n);
  const fromTop = BigInt.asIntN(64, member.values.get(attributes.bitOffset) ?? 0n);
  const unitBytes = member.values.get(attributes.byteSize) ?? BigInt(sizeOfC(type));
  return Number(bytes * 8n + unitBytes * 8n - fromTop - bitSize);
}

/** gcc marks the numbers of a big-endian struct, but not its enums, which are big-endian too. */
function withStorageOrder(members: CMember[]): CMember[] {
  if (!members.some(({ type }) => isBigEndian(type))) return members;
  return members.map((member) => ({ ...member, type: withBigEndianEnums(member.type) }));
}

function isBigEndian(type: CType): boolean {
  return type.kind === 'array' ? isBigEndian(type.element) : 'bigEndian' in type && type.bigEndian;
}

function withBigEndianEnums(type: CType): CType {
  if (type.kind === 'array') return { ...type, element: withBigEndianEnums(type.element) };
  return type.kind === 'enum' ? { ...type, bigEndian: true } : type;
}

/** gcc gives the last index, clang the count; neither is there, or there are none, for an array without a length. */
function lengthOf(range: Entry): number {
  const count = range.values.get(attributes.count);
  if (count !== undefined) return Number(count);
  const last = range.values.get(attributes.upperBound);
  return last === undefined ? 0 : Number(BigInt.asIntN(64, last) + 1n);
}

function sizeOfEntry(entry: Entry): number {
  return Number(numberOf(entry, attributes.byteSize));
}

function numberOf(entry: Entry, attribute: number): bigint {
  const value = entry.values.get(attribute);
  if (value === undefined) {
    throw unreadable(`entry 0x${entry.offset.toString(16)} has no attribute 0x${attribute.toString(16)}`);
  }
  return value;
}
