/** What most messages fit into. */
const USUAL_BYTES = 4096;
/** The most that is kept from one message to the next. */
const KEPT_BYTES = 2 ** 20;

/** Writes MessagePack, each value in the shortest of its formats: https://github.com/msgpack/msgpack/blob/master/spec.md */
export class Output {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  constructor() {
    this.#bytes = new Uint8Array(USUAL_BYTES);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written: as long as nothing else is. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Begins anew. */
  clear(): void {
    this.#at = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#use(new Uint8Array(USUAL_BYTES));
  }

  bool(value: boolean): void {
    this.#u8(value ? 0xc3 : 0xc2);
  }

  /** An integer of up to 32 bits, signed or not. */
  integer(value: number): void {
    if (value >= 0) {
      if (value < 0x80) this.#u8(value);
      else if (value <= 0xff) this.#u16(0xcc00 | value);
      else if (value <= 0xffff) this.#tagged16(0xcd, value);
      else this.#tagged32(0xce, value);
    } else if (value >= -0x20) this.#u8(value & 0xff);
    else if (value >= -0x80) this.#u16(0xd000 | (value & 0xff));
    else if (value >= -0x8000) this.#tagged16(0xd1, value & 0xffff);
    else this.#tagged32(0xd2, value);
  }

  /** An integer of up to 64 bits, signed or not. */
  bigint(value: bigint): void {
    if (value >= -0x8000_0000n && value <= 0xffff_ffffn) {
      this.integer(Number(value));
      return;
    }
    const at = this.#room(9);
    this.#bytes[at] = value < 0n ? 0xd3 : 0xcf;
    this.#view.setBigInt64(at + 1, value);
  }

  f32(value: number): void {
    const at = this.#room(5);
    this.#bytes[at] = 0xca;
    this.#view.setFloat32(at + 1, value);
  }

  f64(value: number): void {
    const at = this.#room(9);
    this.#bytes[at] = 0xcb;
    this.#view.setFloat64(at + 1, value);
  }

  text(value: string): void {
    if (!this.#shortAscii(value)) this.#longText(value);
  }

  bytes(value: Uint8Array): void {
    const { length } = value;
    if (length <= 0xff) this.#u16(0xc400 | length);
    else if (length <= 0xffff) this.#tagged16(0xc5, length);
    else this.#tagged32(0xc6, length);
    this.raw(value);
  }

  /** The beginning of an array: its elements follow. */
  array(length: number): void {
    if (length < 0x10) this.#u8(0x90 | length);
    else if (length <= 0xffff) this.#tagged16(0xdc, length);
    else this.#tagged32(0xdd, length);
  }

  /** The beginning of a map: its keys and values follow, in turns. */
  map(length: number): void {
    if (length < 0x10) this.#u8(0x80 | length);
    else if (length <= 0xffff) this.#tagged16(0xde, length);
    else this.#tagged32(0xdf, length);
  }

  /** What is MessagePack already. */
  raw(value: Uint8Array): void {
    const { length } = value;
    const at = this.#room(length);
    // For a few bytes, such as a key's, a loop costs less than the call of set().
    if (length > 24) this.#bytes.set(value, at);
    else for (let i = 0; i < length; i++) this.#bytes[at + i] = value[i] ?? 0;
  }

  /** Most text is short ASCII, for which a plain loop is several times faster than the platform's encoder. */
  #shortAscii(value: string): boolean {
    const { length } = value;
    if (length >= 0x20) return false;
    const at = this.#room(1 + length);
    this.#bytes[at] = 0xa0 | length;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        this.#at = at;
        return false;
      }
      this.#bytes[at + 1 + i] = unit;
    }
    return true;
  }

  #longText(value: string): void {
    const encoded = encoder.encode(value);
    const { length } = encoded;
    if (length < 0x20) this.#u8(0xa0 | length);
    else if (length <= 0xff) this.#u16(0xd900 | length);
    else if (length <= 0xffff) this.#tagged16(0xda, length);
    else this.#tagged32(0xdb, length);
    this.raw(encoded);
  }

  #u8(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  #u16(value: number): void {
    const at = this.#room(2);
    this.#view.setUint16(at, value);
  }

  #tagged16(tag: number, value: number): void {
    const at = this.#room(3);
    this.#bytes[at] = tag;
    this.#view.setUint16(at + 1, value);
  }

  #tagged32(tag: number, value: number): void {
    const at = this.#room(5);
    this.#bytes[at] = tag;
    this.#view.setUint32(at + 1, value);
  }

  /** Where the next `count` bytes go. To be asked first: it may replace the memory. */
  #room(count: number): number {
    const at = this.#at;
    this.#at = at + count;
    if (this.#at > this.#bytes.length) this.#grow();
    return at;
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(this.#at, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#use(larger);
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

const encoder = new TextEncoder();
