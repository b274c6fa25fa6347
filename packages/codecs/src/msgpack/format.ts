import type { Struct } from '@isthmus/schema';
import type { WireFormat } from '../wire-format.ts';
import { readMsgpack } from './input.ts';
import { integersOf } from './integers.ts';
import { Output } from './output.ts';
import { inOrderReader } from './read.ts';
import { writerOf } from './write.ts';

/** One for all: what is written is copied away at once. */
const output = new Output();

/**
 * MessagePack: the value as TypeScript has it, structs being maps with the fields' names as keys.
 *
 * Written here and not by a library, because the ones there are (msgpackr, @msgpack/msgpack) write a whole number as an
 * integer even where the schema says f64, lose the sign of -0, and take the last of two equal keys. The tests hold it against
 * the format's own library.
 */
export function msgpackFormat(type: Struct): WireFormat {
  const write = writerOf(type);
  const readInOrder = inOrderReader(type);
  const convert = integersOf(type);
  return Object.freeze({
    form: 'native',
    write: (struct, memory, size) => {
      output.clear();
      write(output, struct.decode(memory, 0, size));
      return output.written;
    },
    read: (bytes) => {
      const inOrder = readInOrder(bytes);
      if (inOrder !== undefined) return inOrder;
      const value = readMsgpack(bytes);
      return convert === undefined ? value : convert(value);
    },
  } satisfies WireFormat);
}
