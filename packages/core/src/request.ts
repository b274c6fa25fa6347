import { IsthmusError } from '@isthmus/schema';
import type { Form } from './form.ts';
import { memoryOf } from './memory.ts';
import type { Settings } from './options.ts';

/** A record takes at most half of its ring, and this much of it is not payload. */
const recordHeaderBytes = 64;

/** How often an input is written that takes more bytes each time. */
const maxTries = 3;

/** The most bytes of a request. */
export function maxRequestOf({ requestRingBytes }: Pick<Settings, 'requestRingBytes'>): number {
  return requestRingBytes / 2 - recordHeaderBytes;
}

const nothing = memoryOf(new ArrayBuffer(0));

/**
 * The bytes of a request in memory of their own, or of the caller's, for one that has no room elsewhere, or was disturbed there.
 *
 * @throws IsthmusError `INVALID_INPUT`, and `RECORD_TOO_LARGE` above `max`.
 */
export function requestOf(form: Form, input: unknown, max: number): Uint8Array {
  let size = form.least;
  if (form.takesBytes && input instanceof Uint8Array) {
    // Checks it.
    size = form.write(input, nothing, 0);
    if (size <= max) return input;
  }
  for (let tries = 0; tries < maxTries && size <= max; tries++) {
    const memory = memoryOf(new ArrayBuffer(size));
    const needed = form.write(input, memory, 0);
    if (needed <= size) return memory.bytes.subarray(0, needed);
    size = needed;
  }
  if (size > max) {
    throw new IsthmusError('RECORD_TOO_LARGE', {
      detail: `the request of ${form.method.name} has ${size} bytes; requestRingBytes allows ${max}`,
    });
  }
  const message = 'it changes while it is read';
  throw new IsthmusError('INVALID_INPUT', { detail: message, fields: [{ pointer: '', message }] });
}
