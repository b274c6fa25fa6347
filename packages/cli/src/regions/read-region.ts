/** What `isthmus region get` prints: one row, or all of them, as JSON or as bytes. */
import type { RowImage, UntypedRegion } from '@isthmus/core';
import type { Struct } from '@isthmus/schema';
import { UsageError } from '../exit-codes.ts';
import { formsOf, keyIn, stampText } from './region-value.ts';

export interface ReadOptions {
  /** Only this field of each row. */
  readonly field?: string | undefined;
  /** With version and time. */
  readonly stamp?: true | undefined;
}

/** The JSON form of one row, or of all rows of a table. */
export async function readJson(region: UntypedRegion, key: string | undefined, options: ReadOptions): Promise<unknown> {
  const { struct, isLive } = region;
  requireField(struct, options.field);
  const forms = formsOf(region);
  const shown = (image: RowImage): unknown => {
    const value = part(forms.json(image.bytes), options.field);
    return options.stamp === true ? { ...stampText(image), live: isLive, value } : value;
  };
  const images = await readRows(region, key);
  return isWholeTable(region, key) ? images.map(shown) : images.map(shown)[0];
}

/** The bytes of one row, or of all rows one behind the other. */
export async function readBytes(region: UntypedRegion, key: string | undefined): Promise<Uint8Array> {
  return Buffer.concat((await readRows(region, key)).map(({ bytes }) => bytes));
}

async function readRows(region: UntypedRegion, key: string | undefined): Promise<readonly RowImage[]> {
  return isWholeTable(region, key) ? region.rows() : [await region.read(keyIn(region, key))];
}

function isWholeTable(region: UntypedRegion, key: string | undefined): boolean {
  return region.key !== undefined && key === undefined;
}

function requireField({ name, fields }: Struct, field: string | undefined): void {
  if (field === undefined || Object.hasOwn(fields, field)) return;
  throw new UsageError(`${name} has no field ${field}; it has: ${Object.keys(fields).join(', ')}`);
}

/** One field of a value, or all of it. An optional field that is absent is null. */
function part(value: unknown, field: string | undefined): unknown {
  if (field === undefined) return value;
  return (typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined) ?? null;
}
