/** The JSON forms of moments and of spans of time: RFC 3339 and ISO 8601. In memory both are nanoseconds in 64 bits. */

import { highOf, lowOf } from './int64.ts';

const NS_PER_SECOND = 1_000_000_000;

interface Seconds {
  /** Whole seconds, rounded down. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly ns: number;
}

/**
 * Divides the 64-bit integer of two halves by 10^9: by hand, 16 bits at a time, so that each step is exact in a double. The
 * remainder is never negative.
 */
function secondsOf(high: number, low: number): Seconds {
  let seconds = 0;
  let ns = 0;
  for (const digit of [high >> 16, high & 0xffff, low >>> 16, low & 0xffff]) {
    const dividend = ns * 0x1_0000 + digit;
    const quotient = Math.floor(dividend / NS_PER_SECOND);
    seconds = seconds * 0x1_0000 + quotient;
    ns = dividend - quotient * NS_PER_SECOND;
  }
  return { seconds, ns };
}

/** `.5`: what follows the whole seconds, without zeros at the end. */
function fractionText(ns: number): string {
  if (ns === 0) return '';
  let digits = `${ns}`.padStart(9, '0');
  while (digits.endsWith('0')) digits = digits.slice(0, -1);
  return `.${digits}`;
}

/** Nanoseconds of a fraction of a second, given by up to 9 digits. */
function fractionNs(digits: string | undefined): bigint {
  return BigInt((digits ?? '').padEnd(9, '0'));
}

/** The moment in memory, in UTC: `2026-11-22T08:30:00.5Z`. */
export function timestampText(view: DataView, at: number, isLittleEndian: boolean): string {
  return timestampOf(highOf(view, at, isLittleEndian), lowOf(view, at, isLittleEndian));
}

/** The same of two halves, the high and the low 32 bits as signed integers. */
export function timestampOf(high: number, low: number): string {
  const { seconds, ns } = secondsOf(high, low);
  // Without the milliseconds and the Z. The years that 64 bits reach have four digits.
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fractionText(ns)}Z`;
}

/** date-time of RFC 3339. Leap seconds are not counted since 1970, so a second of 60 has no place. */
const dateTime =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** Nanoseconds since 1970 of an RFC 3339 string with any offset, or `undefined`. It may be beyond 64 bits. */
export function timestampFromJson(value: unknown): bigint | undefined {
  const match = typeof value === 'string' ? dateTime.exec(value) : null;
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 7).map(Number);
  const date = new Date(0);
  // Date.UTC takes the years 0 to 99 for those of the last century.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hours, minutes, seconds);
  // A day that its month does not have, and a month 0 or 13, turned into others.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const [fraction, sign, offsetHours = 0, offsetMinutes = 0] = match.slice(7);
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -60 : 60);
  return BigInt(date.getTime() / 1000 - offset) * BigInt(NS_PER_SECOND) + fractionNs(fraction);
}

/** The span in memory: `PT1H2M3.5S`, days being 24 hours. */
export function durationText(view: DataView, at: number, isLittleEndian: boolean): string {
  return durationOf(highOf(view, at, isLittleEndian), lowOf(view, at, isLittleEndian));
}

/** The same of two halves, the high and the low 32 bits as signed integers. */
export function durationOf(high: number, low: number): string {
  let { seconds, ns } = secondsOf(high, low);
  const sign = seconds < 0 ? '-' : '';
  if (seconds < 0) {
    // -0.5 s is -1 s and 0.5 s more.
    seconds = ns === 0 ? -seconds : -seconds - 1;
    ns = ns === 0 ? 0 : NS_PER_SECOND - ns;
  }
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = seconds % 60;
  const needsSeconds = rest > 0 || ns > 0 || seconds === 0;
  return `${sign}PT${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${
    needsSeconds ? `${rest}${fractionText(ns)}S` : ''
  }`;
}

/** Weeks alone, or days, hours, minutes and seconds. Years and months have no fixed length. */
const span =
  /^(-?)P(?:(\d{1,19})W|(?=.)(?:(\d{1,19})D)?(?:T(?=.)(?:(\d{1,19})H)?(?:(\d{1,19})M)?(?:(\d{1,19})(?:\.(\d{1,9}))?S)?)?)$/;

/** Nanoseconds of an ISO 8601 duration, or `undefined`. It may be beyond 64 bits. */
export function durationFromJson(value: unknown): bigint | undefined {
  const match = typeof value === 'string' ? span.exec(value) : null;
  if (match === null) return undefined;
  const [weeks, days, hours, minutes, seconds] = match.slice(2, 7).map((digits) => BigInt(digits ?? 0));
  const units = [
    [weeks, 604_800n],
    [days, 86_400n],
    [hours, 3_600n],
    [minutes, 60n],
    [seconds, 1n],
  ] as const;
  const whole = units.reduce((sum, [count = 0n, length]) => sum + count * length, 0n);
  const ns = whole * BigInt(NS_PER_SECOND) + fractionNs(match[7]);
  return match[1] === '-' ? -ns : ns;
}
