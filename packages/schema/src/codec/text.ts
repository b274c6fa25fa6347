/**
 * Text in memory: UTF-8, terminated by NUL; in a field of fixed size the rest is zero. Most text is short ASCII, for which a
 * plain loop is several times faster than the platform's encoder and decoder with their cost of a call.
 */

const encoder = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF, which is part of the text; fatal refuses what is not UTF-8.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text this long or longer goes to the platform's encoder and decoder at once. */
const SHORT = 32;

/** What `writeUtf8` returns for a string that holds a NUL or is not well-formed. */
export const NOT_TEXT = -1;
/** What `writeUtf8` returns for a string that does not fit. */
export const NO_ROOM = -2;

/** Whether a string is text as the schema has it: well-formed and without NUL. */
export function isText(value: string): boolean {
  return !value.includes('\0') && value.isWellFormed();
}

/**
 * Writes `value` from `offset` on, not beyond `end`.
 *
 * @returns The bytes it takes; or NOT_TEXT or NO_ROOM: some bytes may have been written then.
 */
export function writeUtf8(bytes: Uint8Array, offset: number, end: number, value: string): number {
  const length = value.length;
  if (length <= SHORT && offset + length <= end) {
    let index = 0;
    for (; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit === 0) return NOT_TEXT;
      if (unit > 0x7f) break;
      bytes[offset + index] = unit;
    }
    if (index === length) return length;
  }
  if (!isText(value)) return NOT_TEXT;
  const { read, written } = encoder.encodeInto(value, bytes.subarray(offset, end));
  return read === length ? written : NO_ROOM;
}

/** The bytes that well-formed text takes. */
export function utf8Length(value: string): number {
  let result = value.length;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    // A surrogate pair has two units, and four bytes.
    if (unit > 0x7f) result += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return result;
}

/**
 * Writes the text of a field, and zeroes up to `offset + capacity`, which is where the last NUL goes.
 *
 * @returns False when it does not fit, holds a NUL or is not well-formed; some bytes may have been written then.
 */
export function writeText(bytes: Uint8Array, offset: number, capacity: number, value: string): boolean {
  const written = writeUtf8(bytes, offset, offset + capacity, value);
  if (written < 0) return false;
  const end = offset + capacity + 1;
  // For a few bytes a loop costs less than the call of fill().
  if (capacity - written > SHORT) bytes.fill(0, offset + written, end);
  else for (let at = offset + written; at < end; at++) bytes[at] = 0;
  return true;
}

/**
 * Reads the text of a field.
 *
 * @returns `undefined` when no NUL ends it within `capacity + 1` bytes, or when it is not UTF-8.
 */
export function readText(bytes: Uint8Array, offset: number, capacity: number): string | undefined {
  const end = offset + capacity;
  const stop = Math.min(end, offset + SHORT);
  let at = offset;
  while (at < stop && bytes[at] !== 0) at++;
  if (bytes[at] !== 0) {
    at = bytes.indexOf(0, at);
    if (at < 0 || at > end) return undefined;
  }
  return readUtf8(bytes, offset, at);
}

/** Reads text of known length. `undefined` when it is not UTF-8 or holds a NUL. */
export function readUtf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from <= SHORT) {
    const short = ascii(bytes, from, to);
    if (short !== undefined) return short;
  }
  try {
    const text = decoder.decode(privateCopy(bytes, from, to));
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

const scratch = new Uint8Array(4096);

/**
 * The bytes where no other program can change them. Platforms decode in two steps, the second of which trusts what the first has
 * measured: with memory that changes between them, it would write past the string that it made.
 */
function privateCopy(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const copy = to - from <= scratch.length ? scratch.subarray(0, to - from) : new Uint8Array(to - from);
  copy.set(bytes.subarray(from, to));
  return copy;
}

/** Characters 1 to 127, or `undefined`. Four at a time, because every concatenation allocates; each byte is read once. */
function ascii(bytes: Uint8Array, from: number, to: number): string | undefined {
  let result = '';
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1] ?? 0;
    const c = bytes[at + 2] ?? 0;
    const d = bytes[at + 3] ?? 0;
    if ((a | b | c | d) > 0x7f || a === 0 || b === 0 || c === 0 || d === 0) return undefined;
    result += String.fromCharCode(a, b, c, d);
  }
  for (; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0 || byte > 0x7f) return undefined;
    result += String.fromCharCode(byte);
  }
  return result;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON escapes.
const escaped = /["\\\x00-\x1f]/;

/** The JSON form of well-formed text. */
export function jsonText(value: string): string {
  // For short text, which rarely needs it, the look is faster than JSON.stringify.
  return value.length > 2 * SHORT || escaped.test(value) ? JSON.stringify(value) : `"${value}"`;
}
