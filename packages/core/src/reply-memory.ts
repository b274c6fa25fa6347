import { Control, type NativeChannel } from '@isthmus/native';
import { IsthmusError } from '@isthmus/schema';
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
    if (this.#control[Control.inArena] === 0 && this.#segment !== undefined) return this.#segment;
    const { arena } = this.#native;
    if (arena === undefined) throw new IsthmusError('INTERNAL', { detail: 'a reply without memory' });
    if (this.#arena?.buffer !== arena) this.#arena = { buffer: arena, memory: memoryOf(arena) };
    return this.#arena.memory;
  }
}
