import { type Codec, codecOf, type Infer, type InferInput, IsthmusError, type Struct } from '@isthmus/schema';
import { memoryOf } from '../memory.ts';
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
    const { bytes: size } = this.#segment;
    if (target.length < size) {
      throw new IsthmusError('INVALID_ARGUMENT', { detail: `the target has ${target.length} bytes, not ${size}` });
    }
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
        return new Uint8Array(memory.view.buffer);
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
