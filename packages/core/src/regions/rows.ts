import { IsthmusError } from '@isthmus/schema';
import type { RegionAccess } from './access.ts';
import type { RegionSource } from './source.ts';
import type { Stamp, WatchOptions } from './types.ts';
import { watchRows } from './watch.ts';

/** What `read` gives of every row that was written, in the order in which they were added. */
export function allRows<T>(access: RegionAccess, read: (access: RegionAccess) => T): T[] {
  const { memory } = access;
  const found: T[] = [];
  memory.look();
  for (let row = 0, { rows } = memory; row < rows; row += 1) {
    memory.select(row);
    try {
      found.push(read(access));
    } catch (cause) {
      if (!(cause instanceof IsthmusError && cause.code === 'REGION_EMPTY')) throw cause;
    }
  }
  return found;
}

/** Watches the row of this key, or, without one, all of them. @throws IsthmusError `INVALID_ARGUMENT`, `INVALID_INPUT`. */
export function watchTable<T extends Stamp>(
  source: RegionSource,
  options: WatchOptions | undefined,
  key: unknown,
  read: (access: RegionAccess) => T,
) {
  if (key === undefined && options?.after !== undefined) {
    throw new IsthmusError('INVALID_ARGUMENT', { detail: 'after needs a key: each row has versions of its own' });
  }
  return watchRows(source, options, { key, read });
}
