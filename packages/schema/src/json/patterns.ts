/**
 * The strings of the JSON form as regular expressions of JSON Schema, which are those of ECMAScript. They take what the codec
 * takes, except where a comment says more.
 */

/** Text holds no NUL, which ends it in C. */
export const textPattern = '^[^\\u0000]*$';

/** A 64-bit integer: no leading zeros, no sign of plus. The range within 64 bits is the codec's. */
export function integerPattern(isSigned: boolean): string {
  return isSigned ? '^(0|-?[1-9][0-9]{0,18})$' : '^(0|[1-9][0-9]{0,19})$';
}

/**
 * A decimal with up to `scale` digits after the point, or exactly as many; 64 bits leave 19 digits in all.
 *
 * @param isExact As decoding writes it.
 */
export function decimalPattern(scale: number, isExact: boolean): string {
  const whole = `-?(0|[1-9][0-9]{0,${18 - scale}})`;
  if (scale === 0) return `^${whole}$`;
  return isExact ? `^${whole}\\.[0-9]{${scale}}$` : `^${whole}(\\.[0-9]{1,${scale}})?$`;
}

const date = '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])';
const time = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?';

/**
 * date-time of RFC 3339 without leap seconds. The days that a month has, and the years that 64 bits reach, are the codec's.
 *
 * @param isUtc As decoding writes it.
 */
export function timestampPattern(isUtc: boolean): string {
  return isUtc ? `^${date}T${time}Z$` : `^${date}[Tt]${time}([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`;
}

const count = '[0-9]{1,19}';

/**
 * A duration of ISO 8601 in weeks, or in days, hours, minutes and seconds. JSON Schema's format `duration` is another one: it
 * has no fractions of seconds and no sign, but years.
 *
 * @param isCanonical As decoding writes it: in hours, minutes and seconds.
 */
export function durationPattern(isCanonical: boolean): string {
  const seconds = `(${count}(\\.[0-9]{1,9})?S)?`;
  const times = `T(?=.)(${count}H)?(${count}M)?${seconds}`;
  return isCanonical ? `^-?P${times}$` : `^-?P(${count}W|(?=.)(${count}D)?(${times})?)$`;
}

const sextet = '[A-Za-z0-9+/]';
/** The last character before padding: the bits that no byte takes are zero. */
const oneByte = `${sextet}[AQgw]==`;
const twoBytes = `${sextet}{2}[AEIMQUYcgkosw048]=`;

/**
 * Base64 of RFC 4648, section 4, padded, in its one canonical spelling.
 *
 * @param length Bytes, where there are always as many; only what it leaves of a division by 3 is in the pattern.
 */
export function base64Pattern(length: number | undefined): string {
  const ends = ['', oneByte, twoBytes];
  const end = length === undefined ? `(${oneByte}|${twoBytes})?` : (ends[length % 3] ?? '');
  return `^(${sextet}{4})*${end}$`;
}

/** Characters of the base64 of so many bytes. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}
