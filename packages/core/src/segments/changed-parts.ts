import type { Struct, ValueType } from '@isthmus/schema';

/** Bytes that belong together: a scalar, a text, a union. */
export interface Part {
  /** From the struct's beginning. */
  readonly offset: number;
  readonly size: number;
  /** Of the field, in words. */
  readonly path: string;
}

/**
 * The parts of a struct whose bytes differ. Padding is no part. What says whether an optional field is there comes after the
 * field itself.
 */
export function changedParts(type: Struct, before: Uint8Array, after: Uint8Array): Part[] {
  const parts: Part[] = [];
  const same = (offset: number, size: number): boolean =>
    Buffer.compare(before.subarray(offset, offset + size), after.subarray(offset, offset + size)) === 0;

  const visit = (part: ValueType, offset: number, size: number, path: string): void => {
    if (same(offset, size)) return;
    if (part.kind === 'struct') visitStruct(part, offset, path);
    else if (part.kind === 'array') {
      const step = size / part.length;
      for (let index = 0; index < part.length; index++) {
        visit(part.element, offset + index * step, step, `${path}[${index}]`);
      }
    } else parts.push({ offset, size, path });
  };

  const visitStruct = ({ layout }: Struct, at: number, path: string): void => {
    const prefix = path === '' ? '' : `${path}.`;
    for (const { name, type: inner, offset, size } of layout.fields)
      visit(inner, at + offset, size, `${prefix}${name}`);
    for (const offset of layout.presence) {
      if (!same(at + offset, 4)) parts.push({ offset: at + offset, size: 4, path: `${prefix}optional fields` });
    }
  };

  visitStruct(type, 0, '');
  return parts;
}
