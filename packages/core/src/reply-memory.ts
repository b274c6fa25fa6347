import { Control, type NativeChannel } from '@isthmus/native';
import { IsthmusError } from '@isthmus/schema';
import { LentMemory } from './lent-memory.ts';
import { type BufferMemory, memoryOf } from './memory.ts';

/** Where the payloads of a batch of replies lie: in the segment, or copied into the arena. */
export class ReplyMemory {
  readonly #native: NativeChannel;
  readonly #control: Int32Array;
  readonly #segment: BufferMemory | undefined;
  #arena: { readonly buffer: ArrayBuffer; readonly memory: BufferMemory } | undefined;

  constructor(native: NativeChannel, control: Int32Array) {
    this.#native = native;
    this.#control = control;
    this.#segment = native.segment === undefined ? undefined : memoryOf(native.segment);
  }

  /** Of the batch that the addon told of last. */
  get current(): BufferMemory {
    if (this.#inSegment && this.#segment !== undefined) return this.#segment;
    const { arena } = this.#native;
    if (arena === undefined) throw new IsthmusError('INTERNAL', { detail: 'a reply without memory' });
    if (this.#arena?.buffer !== arena) this.#arena = { buffer: arena, memory: memoryOf(arena) };
    return this.#arena.memory;
  }

  /** One payload of it, to be given back; where it is not in the segment, a copy. */
  lend(offset: number, size: number): LentMemory {
    if (size > 0 && this.#inSegment && this.#segment !== undefined)
      return new LentMemory(this.#native.lend(offset, size));
    return new LentMemory(new Uint8Array(this.current.bytes.subarray(offset, offset + size)).buffer);
  }

  get #inSegment(): boolean {
    return this.#control[Control.inArena] === 0;
  }
}
