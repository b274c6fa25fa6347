import type { Memory } from '../../src/index.ts';

/** Memory of `size` bytes, each of them 0xAA, so that a byte that nobody writes shows. */
export function memoryOf(size: number): Memory {
  const bytes = new Uint8Array(size).fill(0xaa);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Memory that holds a copy of `content`. */
export function memoryWith(content: Uint8Array): Memory {
  const bytes = new Uint8Array(content);
  return { bytes, view: new DataView(bytes.buffer) };
}
