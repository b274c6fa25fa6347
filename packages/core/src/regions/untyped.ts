import { IsthmusError, type ServiceRegion } from '@isthmus/schema';
import { memoryOf } from '../memory.ts';
import { codecOfField } from './field.ts';
import { writeByTries } from './patience.ts';
import { allRows, watchTable } from './rows.ts';
import { type RegionSource, writableAccess } from './source.ts';
import type { UntypedRegion } from './types.ts';
import { watchRows } from './watch.ts';

/** The region without its types. What it does is done at once, but for writing where another process has the lock. */
export function untypedRegion(region: ServiceRegion, source: RegionSource): UntypedRegion {
  const { struct, key: field } = region;

  /** The key's value as our version has it. @throws IsthmusError `INVALID_INPUT`, `INVALID_ARGUMENT`. */
  const keyOf = (json: unknown): unknown => {
    if (field === undefined) {
      if (json === undefined) return undefined;
      throw new IsthmusError('INVALID_ARGUMENT', { detail: `${region.name} has one row, and no key` });
    }
    const codec = codecOfField(struct, field.name);
    const memory = memoryOf(new ArrayBuffer(codec.size));
    codec.encodeJson({ [field.name]: json }, memory, 0);
    return Reflect.get(Object(codec.decode(memory, 0, codec.size)), field.name);
  };
  const selected = (json: unknown) => {
    const key = keyOf(json);
    const access = source.access();
    access.select(key);
    return access;
  };

  return {
    struct,
    key: field?.name,
    get isWritable() {
      return source.isWritable;
    },
    get isLive() {
      return source.isLive;
    },
    read: async (key) => selected(key).image(),
    rows: async () => allRows(source.access(), (access) => access.image()),
    write: async (bytes, { expected } = {}) => {
      const value = writableAccess(source).valueOf(bytes);
      // Each try asks anew where to: owners come and go meanwhile.
      return writeByTries(() => writableAccess(source).write(value, expected, 0));
    },
    update: async (json, change, { expected } = {}) => {
      const key = keyOf(json);
      return writeByTries(() => writableAccess(source).tryUpdate(key, change, expected));
    },
    watch: (options) => {
      const { key: json } = options ?? {};
      const key = json === undefined ? undefined : keyOf(json);
      if (field !== undefined) return watchTable(source, options, key, (access) => access.image());
      return watchRows(source, options, { key: undefined, read: (access) => access.image() });
    },
  };
}
