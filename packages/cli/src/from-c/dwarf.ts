/** A reader of DWARF 4, which compilers write with -gdwarf-4: the entries of .debug_info as a tree. */
import { ByteReader, unreadable } from './byte-reader.ts';
import { attributes, forms } from './dwarf-constants.ts';
import { readSections } from './elf.ts';

/** More entries inside of each other than any program has: a bound for all that walks the tree. */
const MAX_DEPTH = 1000;

/** One debugging information entry: a type, a member, a value of an enumeration, .. */
export interface Entry {
  /** Where it begins in .debug_info: what other entries refer to it by. */
  readonly offset: number;
  readonly tag: number;
  readonly name: string | undefined;
  /** The offset of the entry of its type. */
  readonly type: number | undefined;
  /** Its attributes that are numbers or flags, by number. */
  readonly values: ReadonlyMap<number, bigint>;
  readonly children: readonly Entry[];
}

export interface DebugInfo {
  /** The entries of the compile units, in order. */
  readonly units: readonly Entry[];
  readonly byOffset: ReadonlyMap<number, Entry>;
}

interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly fields: readonly { readonly attribute: number; readonly form: number }[];
}

interface Sections {
  readonly info: Uint8Array;
  readonly abbreviations: Uint8Array;
  readonly strings: Uint8Array;
}

/**
 * The debug information of a linked ELF file: one whose references between sections are already filled in.
 *
 * @throws IsthmusError BUILD_FAILED when it has none, or it is of another version, or damaged.
 */
export function readDebugInfo(file: Uint8Array): DebugInfo {
  const found = readSections(file, ['.debug_info', '.debug_abbrev', '.debug_str']);
  const info = found.get('.debug_info');
  const abbreviations = found.get('.debug_abbrev');
  if (info === undefined || abbreviations === undefined) throw unreadable('it has no debug information');
  const sections = { info, abbreviations, strings: found.get('.debug_str') ?? new Uint8Array(0) };
  const units: Entry[] = [];
  const byOffset = new Map<number, Entry>();
  for (let position = 0; position < info.length; ) position = readUnit(sections, position, units, byOffset);
  return { units, byOffset };
}

/** Returns where the next unit begins. */
function readUnit(sections: Sections, start: number, units: Entry[], byOffset: Map<number, Entry>): number {
  const reader = new ByteReader(sections.info, '.debug_info', start);
  const length = reader.u32();
  if (length >= 0xfffffff0) throw unreadable('its debug information is in the 64-bit form of DWARF');
  const end = reader.position + length;
  const version = reader.u16();
  if (version !== 4) throw unreadable(`its debug information is of DWARF version ${version}, and 4 was asked for`);
  const abbreviations = readAbbreviations(sections.abbreviations, reader.u32());
  const addressBytes = reader.u8();
  if (addressBytes !== 8) throw unreadable(`its addresses have ${addressBytes} bytes`);

  // The entries whose children are being read; the innermost last.
  const open: Entry[][] = [units];
  while (reader.position < end) {
    const offset = reader.position;
    const code = reader.count();
    if (code === 0) {
      // An empty entry ends the children of one; after the last unit's there may be more of them, as padding.
      if (open.length > 1) open.pop();
      continue;
    }
    const abbreviation = abbreviations.get(code);
    if (abbreviation === undefined) throw unreadable(`.debug_info uses an abbreviation ${code} that does not exist`);
    const children: Entry[] = [];
    const entry = { offset, tag: abbreviation.tag, ...readFields(reader, abbreviation, sections, start), children };
    open.at(-1)?.push(entry);
    byOffset.set(offset, entry);
    if (abbreviation.hasChildren) open.push(children);
    if (open.length > MAX_DEPTH)
      throw unreadable(`more than ${MAX_DEPTH} entries of .debug_info are inside of each other`);
  }
  return end;
}

function readAbbreviations(section: Uint8Array, start: number): ReadonlyMap<number, Abbreviation> {
  const reader = new ByteReader(section, '.debug_abbrev', start);
  const abbreviations = new Map<number, Abbreviation>();
  for (let code = reader.count(); code !== 0; code = reader.count()) {
    const tag = reader.count();
    const hasChildren = reader.u8() !== 0;
    const fields: { attribute: number; form: number }[] = [];
    for (;;) {
      const [attribute, form] = [reader.count(), reader.count()];
      if (attribute === 0 && form === 0) break;
      fields.push({ attribute, form });
    }
    abbreviations.set(code, { tag, hasChildren, fields });
  }
  return abbreviations;
}

function readFields(
  reader: ByteReader,
  { fields }: Abbreviation,
  sections: Sections,
  unit: number,
): Pick<Entry, 'name' | 'type' | 'values'> {
  let name: string | undefined;
  let type: number | undefined;
  const values = new Map<number, bigint>();
  for (const { attribute, form } of fields) {
    const value = readForm(reader, form, sections, unit);
    if (typeof value === 'bigint') values.set(attribute, value);
    else if (attribute === attributes.name && typeof value === 'string') name = value;
    else if (attribute === attributes.type && typeof value === 'number') type = value;
  }
  return { name, type, values };
}

/** A reference is a number, what counts or measures is a bigint; what is of no use here is undefined. */
function readForm(
  reader: ByteReader,
  form: number,
  { strings }: Sections,
  unit: number,
): string | number | bigint | undefined {
  switch (form) {
    case forms.data1:
    case forms.flag:
      return BigInt(reader.u8());
    case forms.data2:
      return BigInt(reader.u16());
    case forms.data4:
      return BigInt(reader.u32());
    case forms.data8:
      return reader.u64();
    case forms.udata:
      return reader.uleb();
    case forms.sdata:
      return reader.sleb();
    case forms.flagPresent:
      return 1n;
    case forms.string:
      return reader.string();
    case forms.strp:
      return new ByteReader(strings, '.debug_str', reader.u32()).string();
    case forms.ref1:
      return unit + reader.u8();
    case forms.ref2:
      return unit + reader.u16();
    case forms.ref4:
      return unit + reader.u32();
    case forms.ref8:
      return unit + reader.size();
    case forms.refUdata:
      return unit + reader.count();
    case forms.refAddr:
      return reader.u32();
    case forms.secOffset:
      return skipped(reader, 4);
    case forms.addr:
      return skipped(reader, 8);
    case forms.block1:
      return skipped(reader, reader.u8());
    case forms.block2:
      return skipped(reader, reader.u16());
    case forms.block4:
      return skipped(reader, reader.u32());
    case forms.block:
    case forms.exprloc:
      return skipped(reader, reader.count());
    default:
      throw unreadable(`.debug_info has a value of the form 0x${form.toString(16)}`);
  }
}

function skipped(reader: ByteReader, count: number): undefined {
  reader.skip(count);
}
