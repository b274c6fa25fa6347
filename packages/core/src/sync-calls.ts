import { Control, type NativeChannel } from '@isthmus/native';
import type { IsthmusError, Service } from '@isthmus/schema';
import { errorOfStatus } from './errors.ts';
import type { Form } from './form.ts';
import { type BufferMemory, memoryOf, textOf } from './memory.ts';
import { metadataRoom } from './outbox.ts';
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
  #refusal = 0;

  constructor(schema: Service, native: NativeChannel, control: Int32Array, maxRequest: number) {
    this.#schema = schema;
    this.#native = native;
    this.#control = control;
    this.#maxRequest = maxRequest;
    this.#scratch = memoryOf(native.scratch);
  }

  /** Writes the request that `call` then sends. @returns Its size. @throws IsthmusError */
  write(form: Form, input: unknown, metadata: Uint8Array | undefined): number {
    const writes = ++this.#writes;
    const size = form.write(input, this.#scratch, 0);
    if (size <= this.#scratch.bytes.length && writes === this.#writes) return size;
    const request = requestOf(form, input, this.#maxRequest - metadataRoom(metadata));
    this.#grow(request.length);
    this.#scratch.bytes.set(request);
    return request.length;
  }

  /** Why the last call that was not sent was not: the instance has gone, or takes no new calls. */
  get refusal(): IsthmusError {
    return errorOfStatus(this.#schema, this.#refusal, '');
  }

  /** @returns Undefined: nothing was sent, see {@link refusal}. @throws IsthmusError */
  call(
    form: Form,
    size: number,
    timeoutMs: number,
    metadata: Uint8Array | undefined,
  ): { readonly output: unknown } | undefined {
    const status =
      metadata === undefined
        ? this.#native.callSync(form.id, size, timeoutMs)
        : this.#native.callSync(form.id, size, timeoutMs, metadata);
    const got = this.#control[Control.syncBytes] ?? 0;
    if (got < 0) {
      this.#refusal = status;
      return undefined;
    }
    this.#grow(got);
    if (status !== 0) throw errorOfStatus(this.#schema, status, textOf(this.#scratch, 0, got));
    return { output: form.read(this.#scratch, 0, got) };
  }

  /** Where the addon has made it larger for a reply, this only takes over what it made. */
  #grow(size: number): void {
    if (size > this.#scratch.bytes.length) this.#scratch = memoryOf(this.#native.growScratch(size));
  }
}
