import { Control, outboxAlign, outboxBytes } from '@isthmus/native';
import type { Form } from './form.ts';
import { type BufferMemory, memoryOf } from './memory.ts';
import { type TraceContext, writeTrace } from './trace.ts';

/** The most that a request in the outbox can take. */
const maxBytes = outboxBytes - outboxAlign;
const traceOffset = 24;

/** Where requests gather that are sent together: see addon.h. */
export class Outbox {
  readonly #control: Int32Array;
  readonly #memory: BufferMemory;
  #writing = false;

  constructor(buffer: ArrayBuffer, control: Int32Array) {
    this.#memory = memoryOf(buffer);
    this.#control = control;
  }

  /** Bytes of the requests that are in it. */
  get used(): number {
    return this.#control[Control.outboxBytes] ?? 0;
  }

  /** A request is being written, and its input's getters run: nothing else may be written or sent from here. */
  get isWriting(): boolean {
    return this.#writing;
  }

  /** Whether a request of so many bytes fits behind those that are there. */
  fits(bytes: number): boolean {
    return this.used + bytes <= maxBytes;
  }

  /** Writes a request behind those that are there. @returns What it takes: only if that fits, it is there. */
  write(form: Form, input: unknown, trace: TraceContext | undefined): number {
    const at = this.used;
    this.#writing = true;
    try {
      const size = form.write(input, this.#memory, at + outboxAlign);
      if (trace !== undefined) writeTrace(trace, this.#memory.bytes, at + traceOffset);
      return size;
    } finally {
      this.#writing = false;
    }
  }

  /** Adds the request that was written. */
  add(slot: number, form: Form, size: number, timeoutMs: number, hasTrace: boolean): void {
    const at = this.used;
    const { view } = this.#memory;
    view.setUint32(at, slot, true);
    view.setUint32(at + 4, form.id, true);
    view.setUint32(at + 8, size, true);
    view.setUint32(at + 12, form.replies * 2 + (hasTrace ? 1 : 0), true);
    view.setFloat64(at + 16, timeoutMs, true);
    this.#control[Control.outboxBytes] = at + outboxAlign + ((size + outboxAlign - 1) & -outboxAlign);
  }
}
