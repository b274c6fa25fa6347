import { type Codec, codecOf } from '../codec/codec.ts';
import type { Infer, InferInput } from './infer.ts';
import type { Writers } from './region.ts';
import type { PlacedField, Struct } from './types.ts';

/** A region of a service: what `region` declared, with its name, number and codec. */
export interface ServiceRegion<S extends Struct = Struct, Key extends string | undefined = string | undefined> {
  readonly name: string;
  /** 1, 2, .. in the order of declaration; regions count apart from methods. */
  readonly id: number;
  readonly struct: S;
  /** The field that tells rows apart, where it lies in the struct; `undefined`: there is one row. */
  readonly key: KeyField<Key>;
  /** The most rows there can be; 1 without a key. */
  readonly rows: number;
  readonly writers: Writers;
  /** Between values and the bytes of the struct as it lies in memory. */
  readonly codec: Codec<Infer<S>, InferInput<S>>;
  readonly description: string | undefined;
}

type KeyField<Key extends string | undefined> = Key extends string ? PlacedField & { readonly name: Key } : undefined;

/** What is read of a region's row. */
export type RowOf<R extends ServiceRegion> = Infer<R['struct']>;
/** What is written to a region's row. */
export type RowInputOf<R extends ServiceRegion> = InferInput<R['struct']>;
/** What finds a region's row: the type of its key field; `undefined`: there is one row. */
export type KeyOf<R extends ServiceRegion> =
  R extends ServiceRegion<infer S, infer Key>
    ? Key extends keyof S['fields']
      ? Infer<S['fields'][Key]>
      : undefined
    : never;

/** All of it but the codec, which only a sound struct has. */
export type DeclaredRegion = Omit<ServiceRegion, 'codec'>;

export function serviceRegionOf({ name, id, struct, key, rows, writers, description }: DeclaredRegion): ServiceRegion {
  return Object.freeze({ name, id, struct, key, rows, writers, codec: codecOf(struct), description });
}
