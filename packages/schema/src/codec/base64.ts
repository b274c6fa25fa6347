/**
 * Base64 (RFC 4648, section 4): always padded, no line breaks, nothing but the canonical spelling. Platforms differ in
 * what they have for it, and what they have is lenient: two spellings of the same bytes would be accepted.
 */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PAD = 0x3d;
/** What the table has for characters that are not in the alphabet: more than any of 6 bits. */
const NONE = 64;

const values = new Uint8Array(128).fill(NONE);
for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;

const codes = Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
const decoder = new TextDecoder();

/** Bytes that a string of base64 stands for; -1 if it cannot be one by its length. */
export function base64Bytes(value: string): number {
  const length = value.length;
  if (length % 4 !== 0) return -1;
  if (length === 0) return 0;
  const padding = value.charCodeAt(length - 1) !== PAD ? 0 : value.charCodeAt(length - 2) !== PAD ? 1 : 2;
  return (length / 4) * 3 - padding;
}

/**
 * Decodes `value`, of which `base64Bytes` said how many bytes it takes, to `offset`.
 *
 * @param bytes Memory; `undefined` only checks.
 * @returns False for what is not canonical; some bytes may have been written then.
 */
export function writeBase64(bytes: Uint8Array | undefined, offset: number, value: string): boolean {
  const size = base64Bytes(value);
  if (size < 0) return false;
  const whole = size - (size % 3);
  let at = 0;
  let index = 0;
  for (; at < whole; at += 3, index += 4) {
    const bits = fourOf(value, index);
    if (bits < 0) return false;
    if (bytes === undefined) continue;
    bytes[offset + at] = bits >> 16;
    bytes[offset + at + 1] = bits >> 8;
    bytes[offset + at + 2] = bits;
  }
  if (at === size) return true;
  const first = sextet(value, index);
  const second = sextet(value, index + 1);
  const third = size - at === 2 ? sextet(value, index + 2) : 0;
  if ((first | second | third) >= NONE) return false;
  const bits = (first << 18) | (second << 12) | (third << 6);
  // The bits that no byte takes must be zero.
  if ((bits & (size - at === 2 ? 0xff : 0xffff)) !== 0) return false;
  if (bytes === undefined) return true;
  bytes[offset + at] = bits >> 16;
  if (size - at === 2) bytes[offset + at + 1] = bits >> 8;
  return true;
}

/** 24 bits, or -1. */
function fourOf(value: string, index: number): number {
  const a = sextet(value, index);
  const b = sextet(value, index + 1);
  const c = sextet(value, index + 2);
  const d = sextet(value, index + 3);
  return (a | b | c | d) >= NONE ? -1 : (a << 18) | (b << 12) | (c << 6) | d;
}

function sextet(value: string, index: number): number {
  return values[value.charCodeAt(index)] ?? NONE;
}

/** Characters made at once, a multiple of 4: concatenating every few would take longer, and many times the memory. */
const chunk = new Uint8Array(16_384);

/** The base64 of the bytes from `from` to `to`. Each is read once. */
export function readBase64(bytes: Uint8Array, from: number, to: number): string {
  let result = '';
  let at = from;
  while (at < to) {
    let length = 0;
    for (; at + 3 <= to && length < chunk.length; at += 3) {
      const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      put(length, bits);
      length += 4;
    }
    if (at < to && at + 3 > to && length < chunk.length) {
      const two = at + 2 === to;
      put(length, ((bytes[at] ?? 0) << 16) | (two ? (bytes[at + 1] ?? 0) << 8 : 0));
      chunk[length + 3] = PAD;
      if (!two) chunk[length + 2] = PAD;
      length += 4;
      at = to;
    }
    result += decoder.decode(chunk.subarray(0, length));
  }
  return result;
}

/** The four characters of 24 bits. */
function put(index: number, bits: number): void {
  chunk[index] = codes[bits >> 18] ?? 0;
  chunk[index + 1] = codes[(bits >> 12) & 63] ?? 0;
  chunk[index + 2] = codes[(bits >> 6) & 63] ?? 0;
  chunk[index + 3] = codes[bits & 63] ?? 0;
}
