/** Reading numbers and strings out of bytes that nobody has checked: little-endian, and never past their end. */
import { IsthmusError } from '@isthmus/schema';

/** The error of a compiler's output that is not what it should be. */
export function unreadable(detail: string): IsthmusError {
  return new IsthmusError('BUILD_FAILED', { detail: `what the compiler made cannot be read: ${detail}` });
}

/** Every method throws IsthmusError `BUILD_FAILED` when the bytes end too early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  /** Of the next byte. */
  position: number;

  /** `what`: what the bytes are, for errors. */
  constructor(bytes: Uint8Array, what: string, position = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.position = position;
  }

  /** The next `count` bytes, not copied. */
  take(count: number): Uint8Array {
    const start = this.#advance(count);
    return this.#bytes.subarray(start, start + count);
  }

  skip(count: number): void {
    this.#advance(count);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** A 64-bit offset or size: always small enough for a number in a file that fits into memory. */
  size(): number {
    const value = this.u64();
    if (value > Number.MAX_SAFE_INTEGER) throw unreadable(`${this.#what} has a size or offset of ${value}`);
    return Number(value);
  }

  /** LEB128, unsigned: seven bits a byte, the least significant first. */
  uleb(): bigint {
    return this.#leb().value;
  }

  /** LEB128, signed. */
  sleb(): bigint {
    const { value, bits } = this.#leb();
    return BigInt.asIntN(bits, value);
  }

  /** An unsigned LEB128 that counts or numbers something. */
  count(): number {
    const value = this.uleb();
    if (value > Number.MAX_SAFE_INTEGER) throw unreadable(`${this.#what} has a count of ${value}`);
    return Number(value);
  }

  /** Up to the next NUL, which is taken too. */
  string(): string {
    const end = this.#bytes.indexOf(0, this.position);
    if (end < 0) throw unreadable(`${this.#what} has a string without an end at byte ${this.position}`);
    const text = new TextDecoder().decode(this.#bytes.subarray(this.position, end));
    this.position = end + 1;
    return text;
  }

  #leb(): { readonly value: bigint; readonly bits: number } {
    let value = 0n;
    for (let bits = 0; bits < 70; ) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << BigInt(bits);
      bits += 7;
      if (byte < 0x80) return { value, bits };
    }
    throw unreadable(`${this.#what} has a number of more than 64 bits before byte ${this.position}`);
  }

  #advance(count: number): number {
    const start = this.position;
    if (start < 0 || count > this.#bytes.length - start) {
      throw unreadable(`${this.#what} ends at byte ${this.#bytes.length}, within what begins at byte ${start}`);
    }
    this.position = start + count;
    return start;
  }
}
