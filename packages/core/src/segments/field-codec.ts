import type { PlacedField, Struct } from '@isthmus/schema';
import { memoryOf } from '../memory.ts';
import { codecOfField, placedField } from '../regions/field.ts';

/** One field of a struct, read and written without the others. Not for optional fields: whether one is there lies elsewhere. */
export class FieldCodec {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly #codec: ReturnType<typeof codecOfField>;

  constructor(type: Struct, { name, offset, size }: PlacedField) {
    this.name = name;
    this.offset = offset;
    this.size = size;
    this.#codec = codecOfField(type, name);
  }

  /** @throws IsthmusError `HANDLER_FAULT`. */
  decode(bytes: Uint8Array): unknown {
    return memberOf(this.#codec.decode(memoryOf(new Uint8Array(bytes).buffer), 0, this.size), this.name);
  }

  /** @throws IsthmusError `INVALID_INPUT`. */
  encode(value: unknown): Uint8Array {
    const bytes = new Uint8Array(this.size);
    this.#codec.encode({ [this.name]: value }, memoryOf(bytes.buffer), 0);
    return bytes;
  }
}

/** The codecs of a struct's fields, each made when first needed. */
export class FieldCodecs {
  readonly #type: Struct;
  readonly #codecs = new Map<string, FieldCodec>();

  constructor(type: Struct) {
    this.#type = type;
  }

  /**
   * Undefined: the field is optional.
   *
   * @throws IsthmusError `INVALID_ARGUMENT` where there is no such field.
   */
  get(name: string): FieldCodec | undefined {
    const known = this.#codecs.get(name);
    if (known !== undefined) return known;
    const field = placedField(this.#type, name);
    if (field.presence !== undefined) return undefined;
    const codec = new FieldCodec(this.#type, field);
    this.#codecs.set(name, codec);
    return codec;
  }
}

/** A member of what a codec of a struct gave. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
