import type { RegionShape } from '../text/canonical.ts';
import type { Writers } from './region.ts';

/** A region as the C library knows it: isth_region_type, without its number. */
export interface RegionLayout {
  readonly name: string;
  /** Of a row's struct. */
  readonly bytes: number;
  /** The most there can be; 1 without a key. */
  readonly rows: number;
  /** Where in the struct the key field begins; 0 without a key. */
  readonly keyOffset: number;
  /** 0: there is no key. */
  readonly keyBytes: number;
  /** Whether what follows the key's NUL does not count. */
  readonly keyIsText: boolean;
  readonly writers: Writers;
}

export function regionLayoutOf({ name, struct, key, rows, writers }: RegionShape): RegionLayout {
  return Object.freeze({
    name,
    bytes: struct.layout.size,
    rows,
    keyOffset: key?.offset ?? 0,
    keyBytes: key?.size ?? 0,
    keyIsText: key?.type.kind === 'text',
    writers,
  });
}
