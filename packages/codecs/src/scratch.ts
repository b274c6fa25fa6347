import { IsthmusError, type Memory } from '@isthmus/schema';

/** What most structs fit into. */
const USUAL_BYTES = 4096;
/** The most that is kept from one call to the next. */
const KEPT_BYTES = 2 ** 20;

let spare: Memory | undefined;

/**
 * Lets `write` write a message into memory of its own, with more memory if it asks for more, and `use` use it there. The memory
 * is then used again: nothing may refer to it.
 *
 * @param write As `Codec.encode`: returns the bytes that the message takes.
 * @param refuse Throws if a message of this size, which is not there yet, is too large.
 */
export function withMessage<Result>(
  write: (memory: Memory) => number,
  refuse: (size: number) => void,
  use: (memory: Memory, size: number) => Result,
): Result {
  let memory = spare ?? memoryOf(new Uint8Array(USUAL_BYTES));
  // A getter of the value that is written may call this again.
  spare = undefined;
  try {
    let size = write(memory);
    if (size > memory.bytes.length) {
      refuse(size);
      memory = memoryOf(new Uint8Array(size));
      size = write(memory);
      if (size > memory.bytes.length) {
        throw new IsthmusError('INVALID_INPUT', { detail: 'the value changed while it was read' });
      }
    }
    return use(memory, size);
  } finally {
    if (memory.bytes.length <= KEPT_BYTES) spare = memory;
  }
}

function memoryOf(bytes: Uint8Array): Memory {
  return { bytes, view: new DataView(bytes.buffer) };
}
