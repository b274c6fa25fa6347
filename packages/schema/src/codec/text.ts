/**
 * Text in memory: UTF-8 in a field of fixed size, terminated by NUL, the rest zero. Most text is short ASCII, for which a
 * plain loop is several times faster than the platform's encoder and decoder with their cost of a call.
 */

const encoder = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF, which is part of the text; fatal refuses what is not UTF-8.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text this long or longer goes to the platform's encoder and decoder at once. */
const SHORT = 32;

/**
 * Writes `value` and zeroes up to `offset + capacity`, which is where the last NUL goes.
 *
 * @returns False when it does not fit, holds a NUL or is not well-formed; some bytes may have been written then.
 */
export function writeText(bytes: Uint8Array, offset: number, capacity: number, value: string): boolean {
  const length = value.length;
  let written = 0;
  if (length <= SHORT && length <= capacity) {
    while (written < length) {
      const unit = value.charCodeAt(written);
      if (unit === 0) return false;
      if (unit > 0x7f) break;
      bytes[offset + written++] = unit;
    }
  }
  if (written < length) {
    if (length > capacity || value.includes('\0') || !value.isWellFormed()) return false;
    const result = encoder.encodeInto(value, bytes.subarray(offset, offset + capacity));
    if (result.read < length) return false;
    written = result.written;
  }
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
  let byte = bytes[at];
  while (byte !== undefined && byte !== 0 && byte < 0x80 && at < stop) byte = bytes[++at];
  if (byte === 0) return ascii(bytes, offset, at);
  const terminator = bytes.indexOf(0, at);
  if (terminator < 0 || terminator > end) return undefined;
  try {
    return decoder.decode(bytes.subarray(offset, terminator));
  } catch {
    return undefined;
  }
}

/** Four characters at a time: every concatenation allocates. */
function ascii(bytes: Uint8Array, from: number, to: number): string {
  let result = '';
  let at = from;
  for (; at + 4 <= to; at += 4) {
    result += String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0);
  }
  for (; at < to; at++) result += String.fromCharCode(bytes[at] ?? 0);
  return result;
}
