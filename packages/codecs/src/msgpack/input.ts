import type { InvalidField } from '@isthmus/schema';
import { pointerStep } from '../pointer.ts';
import { givenTwice, malformed } from '../wire-format.ts';

/** Arrays and maps inside of each other: more than any schema can have. */
const MAX_NESTING = 64;

// ignoreBOM keeps a leading U+FEFF, which is part of the text; fatal refuses what is not UTF-8.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text this long or longer goes to the platform's decoder at once. */
const SHORT = 32;

/**
 * Reads one value of MessagePack from bytes that nobody vouches for. It is strict where a reader for any purpose would guess:
 * the value takes all of the bytes; keys are texts, and none comes twice in one map; texts are UTF-8; nothing is nested without
 * bound; there are no extension types. Memory grows with what is there, not with what a header claims.
 *
 * Integers are numbers where these are exact, else bigints.
 *
 * @throws IsthmusError `MALFORMED_MESSAGE`; `HANDLER_FAULT` naming the fields that come twice.
 */
export function readMsgpack(bytes: Uint8Array): unknown {
  const input = new Input(bytes);
  const value = input.value();
  input.end();
  return value;
}

/** A place in MessagePack, from which values are read one after the other. */
export class Input {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  /** Keys and indexes that lead to the value that is read. */
  readonly #path: (string | number)[] = [];
  readonly #twice: InvalidField[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Throws unless all was read, and nothing came twice. */
  end(): void {
    if (this.#at < this.#bytes.length) throw this.#malformed(`${this.#bytes.length - this.#at} bytes follow the value`);
    if (this.#twice.length > 0) throw givenTwice(this.#twice);
  }

  /** The entries of the map that begins here, whose keys and values follow; -1 and nothing read where none begins. */
  mapLength(): number {
    const tag = this.#bytes[this.#at] ?? 0;
    if (tag >= 0x80 && tag < 0x90) {
      this.#at++;
      return tag & 0x0f;
    }
    if (tag !== 0xde && tag !== 0xdf) return -1;
    this.#at++;
    return tag === 0xde ? this.#u16() : this.#u32();
  }

  /** The elements of the array that begins here, which follow; -1 and nothing read where none begins. */
  arrayLength(): number {
    const tag = this.#bytes[this.#at] ?? 0;
    if (tag >= 0x90 && tag < 0xa0) {
      this.#at++;
      return tag & 0x0f;
    }
    if (tag !== 0xdc && tag !== 0xdd) return -1;
    this.#at++;
    return tag === 0xdc ? this.#u16() : this.#u32();
  }

  /** Reads over exactly these bytes; false and nothing read where there are others. */
  skip(expected: Uint8Array): boolean {
    const at = this.#at;
    const { length } = expected;
    for (let i = 0; i < length; i++) if (this.#bytes[at + i] !== expected[i]) return false;
    this.#at = at + length;
    return true;
  }

  /** The value that begins here. */
  value(): unknown {
    const tag = this.#u8();
    if (tag < 0x80) return tag;
    if (tag < 0x90) return this.#map(tag & 0x0f);
    if (tag < 0xa0) return this.#array(tag & 0x0f);
    if (tag < 0xc0) return this.#text(tag & 0x1f);
    if (tag >= 0xe0) return tag - 0x100;
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#blob(this.#u8());
      case 0xc5:
        return this.#blob(this.#u16());
      case 0xc6:
        return this.#blob(this.#u32());
      case 0xca:
        return this.#view.getFloat32(this.#take(4));
      case 0xcb:
        return this.#view.getFloat64(this.#take(8));
      case 0xcc:
        return this.#u8();
      case 0xcd:
        return this.#u16();
      case 0xce:
        return this.#u32();
      case 0xcf:
        return exact(this.#view.getBigUint64(this.#take(8)));
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return exact(this.#view.getBigInt64(this.#take(8)));
      case 0xd9:
        return this.#text(this.#u8());
      case 0xda:
        return this.#text(this.#u16());
      case 0xdb:
        return this.#text(this.#u32());
      case 0xdc:
        return this.#array(this.#u16());
      case 0xdd:
        return this.#array(this.#u32());
      case 0xde:
        return this.#map(this.#u16());
      case 0xdf:
        return this.#map(this.#u32());
      default:
        throw this.#malformed(`0x${tag.toString(16)} begins ${tag === 0xc1 ? 'no value' : 'an extension type'}`);
    }
  }

  #array(length: number): unknown[] {
    this.#enter(length);
    const values: unknown[] = [];
    for (let index = 0; index < length; index++) {
      this.#path.push(index);
      values.push(this.value());
      this.#path.pop();
    }
    return values;
  }

  #map(length: number): Record<string, unknown> {
    this.#enter(2 * length);
    const values: Record<string, unknown> = {};
    for (let entry = 0; entry < length; entry++) {
      const key = this.#key();
      this.#path.push(key);
      if (Object.hasOwn(values, key)) this.#twice.push({ pointer: this.#pointer(), message: 'is given twice' });
      const value = this.value();
      this.#path.pop();
      if (key !== '__proto__') values[key] = value;
      // As JSON.parse makes it: a field like any other, and not the prototype.
      else Object.defineProperty(values, key, { value, enumerable: true, configurable: true, writable: true });
    }
    return values;
  }

  #key(): string {
    const tag = this.#u8();
    if (tag >= 0xa0 && tag < 0xc0) return this.#text(tag & 0x1f);
    if (tag === 0xd9) return this.#text(this.#u8());
    if (tag === 0xda) return this.#text(this.#u16());
    if (tag === 0xdb) return this.#text(this.#u32());
    throw this.#malformed('the key of a map is no text');
  }

  /** Every value takes a byte at least, so a length that lies is found before anything is made of it. */
  #enter(values: number): void {
    if (values > this.#bytes.length - this.#at) throw this.#malformed('it ends within an array or a map');
    if (this.#path.length >= MAX_NESTING) throw this.#malformed(`it is nested more than ${MAX_NESTING} times`);
  }

  #text(length: number): string {
    const from = this.#take(length);
    if (length < SHORT) {
      let text = '';
      for (let at = from; ; at++) {
        if (at === from + length) return text;
        const byte = this.#view.getUint8(at);
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
    }
    try {
      return decoder.decode(this.#bytes.subarray(from, from + length));
    } catch {
      throw this.#malformed('a text is not UTF-8');
    }
  }

  #blob(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  #u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  #u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  #u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) throw this.#malformed('it ends within a value');
    this.#at = at + count;
    return at;
  }

  #pointer(): string {
    return this.#path.map(pointerStep).join('');
  }

  #malformed(message: string): Error {
    const place = this.#path.length === 0 ? '' : `, in ${this.#pointer()}`;
    return malformed(`this is no MessagePack for a struct: byte ${this.#at}${place}: ${message}`);
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
