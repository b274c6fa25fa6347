import { type Codec, type InvalidField, IsthmusError, type Memory } from '@isthmus/schema';

/** One encoding of one struct. It need not check what the schema says: see `transcode.ts`. */
export interface WireFormat {
  /** What `read` gives: values as TypeScript has them, or as JSON has them. */
  readonly form: 'native' | 'json';

  /** The message that lies at the beginning of `memory` as `struct` writes it. It may be changed by the next one. */
  write(struct: Codec<unknown, unknown>, memory: Memory, size: number): Uint8Array;

  /**
   * What `bytes` say. Nothing of the result need fit the schema, and it may refer to `bytes`.
   *
   * @param budget Shrinks where a few bytes stand for much more memory.
   * @throws IsthmusError `MALFORMED_MESSAGE` for bytes that are not of the encoding.
   */
  read(bytes: Uint8Array, budget: Budget): unknown;
}

/** What a message may say, in bytes of the structs that it stands for: a bound for messages made to exhaust memory. */
export class Budget {
  readonly bytes: number;
  #left: number;

  /** Real messages are far below: only a long list of structs all of whose fields are left out comes near. */
  constructor(messageBytes: number) {
    this.bytes = 2 ** 24 + 64 * messageBytes;
    this.#left = this.bytes;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw tooMuch(this.bytes);
  }
}

/** The error for a message that stands for more than a budget allows. */
export function tooMuch(bytes: number): IsthmusError {
  return malformed(`it stands for more than ${bytes} bytes of structs, which is too much for its size`);
}

/** The error for bytes that are not what they should be. */
export function malformed(detail: string, cause?: unknown): IsthmusError {
  return new IsthmusError('MALFORMED_MESSAGE', { detail, cause });
}

/** The error for fields that come twice in one object: of two readers, each could see another value. */
export function givenTwice(fields: readonly InvalidField[]): IsthmusError {
  return new IsthmusError('HANDLER_FAULT', { detail: `a field is given twice: ${fields[0]?.pointer}`, fields });
}
