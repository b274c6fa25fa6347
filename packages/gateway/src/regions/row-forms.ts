/** Between the bytes of a row, as memory has them, and the forms in which callers see and give it. */
import { type Codec, codecOf, IsthmusError, type PlacedField, type Struct, struct } from '@isthmus/schema';
import { memoryOf, PayloadForms } from '../http/payload.ts';
import { isObject, mergePatch } from './merge-patch.ts';

/** Bytes of a word of presence bits. */
const PRESENCE_BYTES = 4;

export class RowForms {
  readonly struct: Struct;
  /** The field that tells rows apart; undefined: there is one row. */
  readonly key: PlacedField | undefined;
  readonly #codec: Codec<unknown, unknown>;
  /** Of a struct that has the key and nothing else. */
  readonly #keyCodec: Codec<unknown, unknown> | undefined;
  readonly #payload: PayloadForms;

  /** @throws IsthmusError `INVALID_ARGUMENT` when the struct has no such field, `SCHEMA_INVALID` when it is not sound. */
  constructor(type: Struct, key: string | undefined) {
    this.struct = type;
    this.#codec = codecOf(type);
    this.#payload = new PayloadForms(type);
    if (key === undefined) return;
    this.key = type.layout.fields.find(({ name }) => name === key);
    if (this.key === undefined) {
      throw new IsthmusError('INVALID_ARGUMENT', { detail: `${key} is not a field of ${type.name}` });
    }
    this.#keyCodec = codecOf(struct('Key', { [key]: this.key.type }));
  }

  /** @throws IsthmusError `HANDLER_FAULT` when the bytes are not a value of the struct, as for the next one. */
  text(bytes: Uint8Array): string {
    return this.#codec.decodeJsonText(memoryOf(bytes), 0, bytes.length);
  }

  /** The JSON form. */
  json(bytes: Uint8Array): unknown {
    return this.#codec.decodeJson(memoryOf(bytes), 0, bytes.length);
  }

  /** @throws IsthmusError `INVALID_INPUT` that names each bad field. */
  fromJson(value: unknown): Uint8Array {
    const bytes = new Uint8Array(this.#codec.size);
    this.#codec.encodeJson(value, memoryOf(bytes), 0);
    return bytes;
  }

  /** The same of a caller's bytes: held to the schema as JSON is, with zeros between the fields. Also `MALFORMED_BODY`. */
  fromBytes(bytes: Uint8Array): Uint8Array {
    return this.fromJson(this.#payload.readJson('struct', bytes));
  }

  /**
   * The row as a JSON Merge Patch (RFC 7396) of its JSON form makes it. Bytes of fields that the patch does not name stay as
   * they are, and so does what lies between the fields.
   *
   * @throws IsthmusError `INVALID_INPUT` that names each bad field, the key among them if it would change; `HANDLER_FAULT`
   *   when the row is not a value of the struct.
   */
  patched(bytes: Uint8Array, patch: unknown): Uint8Array {
    const whole = this.fromJson(mergePatch(this.json(bytes), patch));
    const result = bytes.slice();
    const named = isObject(patch) ? patch : {};
    for (const { name, offset, size, presence } of this.struct.layout.fields) {
      if (!Object.hasOwn(named, name)) continue;
      result.set(whole.subarray(offset, offset + size), offset);
      if (presence !== undefined) {
        result.set(whole.subarray(presence.offset, presence.offset + PRESENCE_BYTES), presence.offset);
      }
    }
    if (this.key !== undefined) this.requireKey(result, this.keyOf(bytes));
    return result;
  }

  /** The bytes of the key field in a row: equal for equal keys. */
  keyBytes(bytes: Uint8Array): Uint8Array {
    const { offset, size } = this.#keyField();
    return bytes.subarray(offset, offset + size);
  }

  /** The key of a row, in JSON form. @throws IsthmusError `HANDLER_FAULT` when it is none. */
  keyOf(bytes: Uint8Array): unknown {
    const codec = this.#keyCodec;
    if (codec === undefined) return undefined;
    const alone = new Uint8Array(codec.size);
    alone.set(this.keyBytes(bytes));
    return this.#soleKey(codec.decodeJson(memoryOf(alone), 0, alone.length));
  }

  /** A key in its JSON form, spelt as rows have it. @throws IsthmusError `INVALID_ARGUMENT` for what cannot be one. */
  keyFromJson(value: unknown): unknown {
    const codec = this.#keyCodec;
    const { name } = this.#keyField();
    if (codec === undefined) return undefined;
    const bytes = new Uint8Array(codec.size);
    try {
      codec.encodeJson({ [name]: value }, memoryOf(bytes), 0);
    } catch (error) {
      if (!(error instanceof IsthmusError)) throw error;
      throw new IsthmusError('INVALID_ARGUMENT', { detail: `the key: ${error.detail}`, cause: error });
    }
    return this.#soleKey(codec.decodeJson(memoryOf(bytes), 0, bytes.length));
  }

  /** The same of a text, as paths and command lines have it: without the quotes of JSON. */
  keyFromText(text: string): unknown {
    const { type } = this.#keyField();
    const isNumber = /^[iu](8|16|32)$/.test(type.kind) || (type.kind === 'enum' && type.open && /^\d/.test(text));
    return this.keyFromJson(isNumber && /^(0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : text);
  }

  /** @throws IsthmusError `INVALID_INPUT` when a row that is to be written has another key than the one it is written to. */
  requireKey(bytes: Uint8Array, key: unknown): void {
    if (this.keyOf(bytes) === key) return;
    const message = `is the key, and must be ${JSON.stringify(key)}`;
    const pointer = `/${this.#keyField().name}`;
    throw new IsthmusError('INVALID_INPUT', { detail: `${pointer} ${message}`, fields: [{ pointer, message }] });
  }

  #soleKey(value: unknown): unknown {
    return Reflect.get(Object(value), this.#keyField().name);
  }

  #keyField(): PlacedField {
    if (this.key !== undefined) return this.key;
    throw new IsthmusError('INVALID_ARGUMENT', { detail: `${this.struct.name} is a region of one row: it has no key` });
  }
}
