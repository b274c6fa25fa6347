import { Control, outboxAlign, outboxBytes, Trait } from '@isthmus/native';
import type { Form } from './form.ts';
import { type BufferMemory, memoryOf } from './memory.ts';
import { type TraceContext, writeTrace } from './trace.ts';

/** The most that a request in the outbox can take. */
const maxBytes = outboxBytes - outboxAlign;
const traceOffset = 24;
const metadataBytesOffset = 48;

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

  /**
   * Writes a request behind those that are there.
   *
   * @returns What it takes. Below 0: it is not there, for lack of room, or because another is being written.
   * @throws IsthmusError `INVALID_INPUT`, `INVALID_ARGUMENT`.
   */
  write(form: Form, input: unknown, trace: TraceContext | undefined, metadata: Uint8Array | undefined): number {
    const at = this.used;
    const room = metadataRoom(metadata);
    if (this.#writing || at + room + form.least > maxBytes) return -1;
    this.#writing = true;
    try {
      const size = form.write(input, this.#memory, at + outboxAlign + room);
      if (trace !== undefined) writeTrace(trace, this.#memory.bytes, at + traceOffset);
      if (metadata !== undefined) this.#memory.bytes.set(metadata, at + outboxAlign);
      return at + room + size <= maxBytes ? size : -1;
    } finally {
      this.#writing = false;
    }
  }

  /** Adds the request that was written. */
  add(slot: number, form: Form, size: number, timeoutMs: number, hasTrace: boolean, metadata?: Uint8Array): void {
    const at = this.used;
    const { view } = this.#memory;
    let traits = form.replies * Trait.replies + (hasTrace ? Trait.trace : 0);
    if (metadata !== undefined) {
      traits += Trait.metadata;
      view.setUint32(at + metadataBytesOffset, metadata.length, true);
    }
    view.setUint32(at, slot, true);
    view.setUint32(at + 4, form.id, true);
    view.setUint32(at + 8, size, true);
    view.setUint32(at + 12, traits, true);
    view.setFloat64(at + 16, timeoutMs, true);
    this.#control[Control.outboxBytes] = at + outboxAlign + metadataRoom(metadata) + aligned(size);
  }
}

function aligned(bytes: number): number {
  return (bytes + outboxAlign - 1) & -outboxAlign;
}

/** What metadata takes of the outbox, and of a record. */
export function metadataRoom(metadata: Uint8Array | undefined): number {
  return metadata === undefined ? 0 : aligned(metadata.length);
}
