/** The sections of an ELF file: what a compiler's debug information lies in. */
import { ByteReader, unreadable } from './byte-reader.ts';

const HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const SECTION_WITHOUT_BYTES = 8;
const COMPRESSED = 0x800n;

/**
 * The contents of the named sections, by name; those that the file does not have are left out.
 *
 * @throws IsthmusError BUILD_FAILED for what is not a 64-bit little-endian ELF file, and for one that is damaged.
 */
export function readSections(file: Uint8Array, wanted: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const header = new ByteReader(file, 'the object file');
  if (file.length < HEADER_BYTES || header.u32() !== 0x464c457f) throw unreadable('it is not an ELF file');
  const [wordSize, byteOrder] = header.take(2);
  if (wordSize !== 2 || byteOrder !== 1) throw unreadable('it is not for a little-endian 64-bit machine');
  header.position = 0x28;
  const tableOffset = header.size();
  header.position = 0x3a;
  const [entryBytes, count, namesIndex] = [header.u16(), header.u16(), header.u16()];
  if (entryBytes !== SECTION_HEADER_BYTES) throw unreadable(`its section headers have ${entryBytes} bytes`);

  const table = new ByteReader(file, 'the section table');
  const sectionAt = (index: number) => {
    table.position = tableOffset + index * SECTION_HEADER_BYTES;
    const [nameOffset, type, flags] = [table.u32(), table.u32(), table.u64()];
    table.skip(8);
    return { nameOffset, type, flags, offset: table.size(), size: table.size() };
  };
  const contentOf = (name: string, { type, offset, size }: ReturnType<typeof sectionAt>) => {
    if (type === SECTION_WITHOUT_BYTES) return new Uint8Array(0);
    return new ByteReader(file, name, offset).take(size);
  };

  const names = contentOf('the table of section names', sectionAt(namesIndex));
  const found = new Map<string, Uint8Array>();
  for (let index = 0; index < count; index++) {
    const section = sectionAt(index);
    const name = new ByteReader(names, 'the table of section names', section.nameOffset).string();
    if (!wanted.includes(name)) continue;
    if ((section.flags & COMPRESSED) !== 0n) throw unreadable(`${name} is compressed`);
    found.set(name, contentOf(name, section));
  }
  return found;
}
