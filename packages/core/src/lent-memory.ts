import { IsthmusError, type Memory } from '@isthmus/schema';
import { type BufferMemory, memoryOf } from './memory.ts';

/** Memory that is somebody else's again once `end` was called: then reading it throws, and bytes that were taken from it are none. */
export class LentMemory implements Memory {
  readonly lends = true;
  readonly #buffer: ArrayBuffer;
  #memory: BufferMemory | undefined;

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
    this.#memory = memoryOf(buffer);
  }

  get view(): DataView {
    return this.#here().view;
  }

  get bytes(): Buffer {
    return this.#here().bytes;
  }

  end(): void {
    this.#memory = undefined;
    // Detaches it, and with it all that views it. Who transferred it meanwhile has it: then the addon keeps its memory.
    if (!this.#buffer.detached) this.#buffer.transfer(0);
  }

  #here(): BufferMemory {
    if (this.#memory !== undefined) return this.#memory;
    throw new IsthmusError('INVALID_ARGUMENT', {
      detail: 'a borrowed reply was read after the function that it was lent to had returned',
    });
  }
}
