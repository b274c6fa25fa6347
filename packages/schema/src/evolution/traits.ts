import { decimalText } from '../language/decimal.ts';
import { layoutOf } from '../language/layout.ts';
import { limits, MAX_MESSAGE_BYTES, type PlacedField, type Struct, type ValueType } from '../language/types.ts';
import { defaultText, elementText } from '../text/lines.ts';

// What two versions of a type are compared by.

/** What never changes of a type: its kind, its name, its size. Not what it is made of. */
export function formOf(type: ValueType): string {
  switch (type.kind) {
    case 'text':
      return `text(${type.capacity})`;
    case 'bytes':
      return `bytes(${type.length})`;
    case 'decimal':
      return `decimal(${type.scale})`;
    case 'array':
      return `array(${type.length})`;
    case 'flags':
      return `flags ${type.name} of ${type.bits} bits`;
    case 'enum':
    case 'struct':
    case 'union':
      return `${type.kind} ${type.name}`;
    default:
      return type.kind;
  }
}

export function endianOf(type: ValueType): string {
  return 'bigEndian' in type && type.bigEndian ? 'big-endian' : 'little-endian';
}

export function boundOf(type: ValueType, bound: 'min' | 'max'): { value: number | bigint; text: string } | undefined {
  if ('min' in type) {
    const value = type[bound];
    if (value === limits[type.kind][bound]) return { value, text: 'none' };
    // In memory and in the schema's text it is without a point, but nowhere else.
    const isDecimal = type.kind === 'decimal' && typeof value === 'bigint';
    return { value, text: isDecimal ? decimalText(value, type.scale) : String(value) };
  }
  if (bound === 'min' || !('max' in type)) return undefined;
  return { value: type.max, text: type.max === MAX_MESSAGE_BYTES ? 'none' : String(type.max) };
}

/**
 * Whether one `align` explains how both are aligned: what fields are appended may ask for more than it does, and then it does not
 * show.
 */
export function isSameAlignment(before: Struct, after: Struct): boolean {
  const [natural, naturalAfter] = [naturalAlignment(before), naturalAlignment(after)];
  const isShown = before.layout.align > natural;
  const isShownAfter = after.layout.align > naturalAfter;
  if (isShown && isShownAfter) return before.layout.align === after.layout.align;
  return isShown ? before.layout.align <= naturalAfter : !isShownAfter || after.layout.align <= natural;
}

/** What the fields alone ask for. */
function naturalAlignment({ fields, packed }: Struct): number {
  return layoutOf(fields, packed, 1).align;
}

export function packing({ packed }: Struct): string {
  return packed ? 'packed' : 'not packed';
}

export function mayBeLeftOut({ type, presence }: PlacedField): boolean {
  return presence !== undefined || type.default !== undefined;
}

export function needed({ presence }: PlacedField): string {
  return presence === undefined ? 'required' : 'optional';
}

export function fieldText({ type, presence }: PlacedField): string {
  const fallback = defaultText(type);
  const words = [elementText(type), ...(fallback === undefined ? [] : [`default=${fallback}`])];
  return [...words, ...(presence === undefined ? [] : ['optional'])].join(' ');
}
