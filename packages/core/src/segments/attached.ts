import { type Codec, codecOf, type Infer, type InferInput, IsthmusError, type Struct } from '@isthmus/schema';
import { memoryOf } from '../memory.ts';
import { requireTarget } from '../regions/target.ts';
import type {
  AttachedRegion,
  RegionEvent,
  RowImage,
  Snapshot,
  Stamp,
  UntypedRegion,
  WatchOptions,
  WriteOptions,
} from '../regions/types.ts';
import { type WatchSettings, watchSettings } from '../regions/watch-options.ts';
import { FieldCodecs, memberOf } from './field-codec.ts';
import { pollSegment } from './poll.ts';
import type { Segment } from './segment.ts';
import { Stoppable } from './stoppable.ts';
import { UntypedSegment } from './untyped.ts';
import { requireOnePiece, updateSegment } from './update.ts';

/** Of a word that says which optional fields are there. */
const presenceBytes = 4;

/** A segment whose bytes are values of a struct. */
export class AttachedSegment<S extends Struct> implements AttachedRegion<Infer<S>, InferInput<S>> {
  readonly untyped: UntypedRegion;
  readonly #type: S;
  readonly #segment: Segment;
  readonly #codec: Codec<Infer<S>, InferInput<S>>;
  readonly #fields: FieldCodecs;

  constructor(type: S, segment: Segment) {
    this.#type = type;
    this.#segment = segment;
    this.#codec = codecOf(type);
    this.#fields = new FieldCodecs(type);
    this.untyped = new UntypedSegment(type, segment);
  }

  get isWritable(): boolean {
    return this.#segment.settings.writable;
  }

  get isLive(): boolean {
    return this.#segment.isLive;
  }

  async read(): Promise<Snapshot<Infer<S>>> {
    return this.#snapshotOf(await this.#segment.read());
  }

  async readInto(target: Uint8Array): Promise<Stamp> {
    requireTarget(target, this.#segment.bytes);
    const { bytes, epoch, version, time } = await this.#segment.read();
    target.set(bytes);
    return { epoch, version, time };
  }

  async get<K extends keyof Infer<S> & string>(name: K): Promise<Infer<S>[K]> {
    const field = this.#fields.get(name);
    const value =
      field === undefined
        ? memberOf((await this.read()).value, name)
        : field.decode(await this.#segment.readPart(field.offset, field.size));
    // The codec of the field, or of the struct, gives what the struct says of it.
    return value as Infer<S>[K];
  }

  watch(options?: WatchOptions): AsyncGenerator<RegionEvent<Infer<S>>, undefined, undefined> {
    const settings = watchSettings(options);
    return new Stoppable((stop) => this.#events(settings, stop));
  }

  async write(value: InferInput<S>, { expected }: WriteOptions = {}): Promise<Stamp> {
    const bytes = new Uint8Array(this.#segment.bytes);
    this.#codec.encode(value, memoryOf(bytes.buffer), 0);
    return await this.#segment.write(0, bytes, expected);
  }

  async set<K extends keyof InferInput<S> & string>(
    name: K,
    value: InferInput<S>[K],
    options: WriteOptions = {},
  ): Promise<Stamp> {
    const field = this.#fields.get(name);
    if (field === undefined) return await this.#setOptional(name, value, options);
    const bytes = field.encode(value);
    requireOnePiece(this.#segment, { offset: field.offset, size: field.size, path: name });
    return await this.#segment.write(field.offset, bytes, options.expected);
  }

  detach(): Promise<void> {
    return this.#segment.detach();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.detach();
  }

  /** An optional field is two parts: itself, and the bit that says that it is there. */
  #setOptional(name: string, value: unknown, options: WriteOptions): Promise<Stamp> {
    if (!this.isWritable) return Promise.reject(new IsthmusError('REGION_READ_ONLY'));
    return updateSegment(
      this.#segment,
      this.#type,
      (bytes) => {
        const memory = memoryOf(new Uint8Array(bytes).buffer);
        const changed = { ...this.#codec.decode(memory, 0, bytes.length), [name]: value };
        // What was decoded can be encoded, and the field is checked by that.
        this.#codec.encode(changed as InferInput<S>, memory, 0);
        return withField(this.#type, name, bytes, memory.bytes);
      },
      options,
    );
  }

  async *#events(
    settings: WatchSettings,
    stop: AbortSignal,
  ): AsyncGenerator<RegionEvent<Infer<S>>, undefined, undefined> {
    for await (const image of pollSegment(this.#segment, settings, stop)) {
      yield { ...this.#snapshotOf(image), skipped: image.skipped, live: image.live };
    }
    return undefined;
  }

  /** @throws IsthmusError `HANDLER_FAULT` where the bytes are no value of the struct. */
  #snapshotOf({ bytes, epoch, version, time }: RowImage): Snapshot<Infer<S>> {
    const memory = memoryOf(new Uint8Array(bytes).buffer);
    return { value: this.#codec.decode(memory, 0, bytes.length), epoch, version, time };
  }
}

/** A copy of `bytes` with one field, and the word that says whether it is there, of others: what lies behind a text's NUL stays. */
function withField({ layout }: Struct, name: string, bytes: Uint8Array, from: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes);
  const copy = (offset: number, size: number): void => changed.set(from.subarray(offset, offset + size), offset);
  for (const { name: other, offset, size, presence } of layout.fields) {
    if (other !== name) continue;
    copy(offset, size);
    if (presence !== undefined) copy(presence.offset, presenceBytes);
  }
  return changed;
}
