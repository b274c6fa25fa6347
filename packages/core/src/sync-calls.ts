import { Control, type NativeChannel } from '@isthmus/native';
import type { Service } from '@isthmus/schema';
import { errorOfStatus } from './errors.ts';
import type { Form } from './form.ts';
import { type BufferMemory, memoryOf, textOf } from './memory.ts';
import { requestOf } from './request.ts';

/** Calls that wait on this thread. Request and reply go through one piece of memory, the scratch. */
export class SyncCalls {
  readonly #schema: Service;
  readonly #native: NativeChannel;
  readonly #control: Int32Array;
  readonly #maxRequest: number;
  #scratch: BufferMemory;
  /** Counts requests as they begin to be written: an input can have getters, which can make calls. */
  #writes = 0;

  constructor(schema: Service, native: NativeChannel, control: Int32Array, maxRequest: number) {
    this.#schema = schema;
    this.#native = native;
    this.#control = control;
    this.#maxRequest = maxRequest;
    this.#scratch = memoryOf(native.scratch);
  }

  /** Writes the request that `call` then sends. @returns Its size. @throws IsthmusError */
  write(form: Form, input: unknown): number {
    const writes = ++this.#writes;
    const size = form.write(input, this.#scratch, 0);
    if (size <= this.#scratch.bytes.length && writes === this.#writes) return size;
    const request = requestOf(form, input, this.#maxRequest);
    this.#grow(request.length);
    this.#scratch.bytes.set(request);
    return request.length;
  }

  /** @returns Undefined: nothing was sent, since the instance has gone. @throws IsthmusError */
  call(form: Form, size: number, timeoutMs: number): { readonly output: unknown } | undefined {
    const status = this.#native.callSync(form.id, size, timeoutMs);
    const got = this.#control[Control.syncBytes] ?? 0;
    if (got < 0) return undefined;
    this.#grow(got);
    if (status !== 0) throw errorOfStatus(this.#schema, status, textOf(this.#scratch, 0, got));
    return { output: form.read(this.#scratch, 0, got) };
  }

  /** Where the addon has made it larger for a reply, this only takes over what it made. */
  #grow(size: number): void {
    if (size > this.#scratch.bytes.length) this.#scratch = memoryOf(this.#native.growScratch(size));
  }
}
