import type { Memory } from '@isthmus/schema';

/** Two views of the same memory; the one of bytes is a Buffer, which is faster with text. */
export interface BufferMemory extends Memory {
  readonly bytes: Buffer;
}

export function memoryOf(buffer: ArrayBuffer): BufferMemory {
  return { view: new DataView(buffer), bytes: Buffer.from(buffer) };
}

export function textOf(memory: Memory, offset: number, size: number): string {
  return Buffer.from(memory.bytes.buffer, memory.bytes.byteOffset + offset, size).toString('utf8');
}
