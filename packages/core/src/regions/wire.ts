import { type NativeRegionType, writerCounts } from '@isthmus/native';
import type { Codec, PlacedField, RegionLayout, ServiceRegion, Struct } from '@isthmus/schema';

/** A region as one version of the schema has it: its number, and how its rows are laid out. */
export interface WireRegion {
  readonly id: number;
  readonly struct: Struct;
  /** Where the key lies; undefined: one row. */
  readonly key: PlacedField | undefined;
  /** Between our version's values and the bytes of a row there. */
  readonly codec: Codec<unknown, unknown>;
  /** Whether a row's bytes are those of our version. */
  readonly isSameLayout: boolean;
}

/** A region as our own version has it. */
export function ownWireRegion({ id, struct, key, codec }: ServiceRegion): WireRegion {
  // `as`: what the codec refuses to encode it refuses at run time, whatever the compiler knows of the value.
  return { id, struct, key, codec: codec as Codec<unknown, unknown>, isSameLayout: true };
}

/** What the addon is told. */
export function nativeTypeOf({ keyIsText, writers, ...layout }: RegionLayout): NativeRegionType {
  return { ...layout, keyIsText: keyIsText ? 1 : 0, writers: writerCounts[writers] };
}
