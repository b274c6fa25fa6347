/** The numbers of DWARF 4 (dwarfstd.org, "DWARF Debugging Information Format Version 4") that are used here. */

export const tags = {
  arrayType: 0x01,
  enumerationType: 0x04,
  member: 0x0d,
  pointerType: 0x0f,
  compileUnit: 0x11,
  structureType: 0x13,
  typedef: 0x16,
  unionType: 0x17,
  subrangeType: 0x21,
  baseType: 0x24,
  constType: 0x26,
  enumerator: 0x28,
  volatileType: 0x35,
  restrictType: 0x37,
  /** Of DWARF 5; gcc writes it in version 4 too. */
  atomicType: 0x47,
} as const;

export const attributes = {
  name: 0x03,
  byteSize: 0x0b,
  bitOffset: 0x0c,
  bitSize: 0x0d,
  constValue: 0x1c,
  upperBound: 0x2f,
  count: 0x37,
  dataMemberLocation: 0x38,
  declaration: 0x3c,
  encoding: 0x3e,
  type: 0x49,
  endianity: 0x65,
  dataBitOffset: 0x6b,
} as const;

export const encodings = {
  boolean: 0x02,
  complexFloat: 0x03,
  float: 0x04,
  signed: 0x05,
  signedChar: 0x06,
  unsigned: 0x07,
  unsignedChar: 0x08,
  decimalFloat: 0x0f,
  utf: 0x10,
} as const;

export const bigEndian = 1n;

export const forms = {
  addr: 0x01,
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  flag: 0x0c,
  sdata: 0x0d,
  strp: 0x0e,
  udata: 0x0f,
  refAddr: 0x10,
  ref1: 0x11,
  ref2: 0x12,
  ref4: 0x13,
  ref8: 0x14,
  refUdata: 0x15,
  secOffset: 0x17,
  exprloc: 0x18,
  flagPresent: 0x19,
} as const;
