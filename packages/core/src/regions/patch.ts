import type { PlacedField, Presence, Struct } from '@isthmus/schema';

/**
 * The bytes of `old` with a change that is known from bytes of the same struct: `before` and `after` lack what our version of the
 * schema does not know, which stays as it is. Fields are changed whole, since what lies behind a text's NUL may be anything in `old`;
 * those of structs within it one by one.
 */
export function patched(type: Struct, old: Uint8Array, before: Uint8Array, after: Uint8Array): Uint8Array {
  const row = new Uint8Array(old);
  patchFields(type, row, before, after);
  return row;
}

function patchFields({ layout }: Struct, row: Uint8Array, before: Uint8Array, after: Uint8Array): void {
  for (const field of layout.fields) {
    const partOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(field.offset, field.offset + field.size);
    const stays = isThere(field, before) === isThere(field, after);
    if (stays && Buffer.compare(partOf(before), partOf(after)) === 0) continue;
    if (stays && field.type.kind === 'struct') {
      patchFields(field.type, partOf(row), partOf(before), partOf(after));
      continue;
    }
    partOf(row).set(partOf(after));
    if (!stays && field.presence !== undefined) flip(field.presence, row);
  }
}

function isThere({ presence }: PlacedField, row: Uint8Array): boolean {
  return presence === undefined || ((row[byteOf(presence)] ?? 0) & bitOf(presence)) !== 0;
}

function flip(presence: Presence, row: Uint8Array): void {
  row[byteOf(presence)] = (row[byteOf(presence)] ?? 0) ^ bitOf(presence);
}

function byteOf({ offset, bit }: Presence): number {
  return offset + (bit >> 3);
}

function bitOf({ bit }: Presence): number {
  return 1 << (bit & 7);
}
