import type { Codec, Memory } from '../codec/codec.ts';
import { IsthmusError } from '../errors.ts';

/** A message in memory of its own. */
export interface Message {
  readonly memory: Memory;
  readonly length: number;
}

/**
 * Writes a value into memory of its own.
 *
 * @throws IsthmusError `INVALID_INPUT`.
 */
export function messageOf(codec: Pick<Codec<unknown>, 'size'>, write: (memory: Memory) => number): Message {
  let capacity = codec.size;
  // The first time tells how much it takes. Only an object with getters can take more the second time.
  for (let attempt = 0; attempt < 3; attempt++) {
    const buffer = new ArrayBuffer(capacity);
    const memory = { view: new DataView(buffer), bytes: new Uint8Array(buffer) };
    const length = write(memory);
    if (length <= capacity) return { memory, length };
    capacity = length;
  }
  const message = 'changes while it is read';
  throw new IsthmusError('INVALID_INPUT', { detail: `the input ${message}`, fields: [{ pointer: '', message }] });
}
