import type { Flags } from '../language/types.ts';

/** Flags beyond 32 are two numbers here: operators on numbers know 32 bits only, and bigints are slow. */
const HALF = 32;

/** The bit of each name. */
export function bitsOf({ values }: Flags): ReadonlyMap<unknown, number> {
  return new Map(values.map((name, bit) => [name, bit]));
}

/**
 * Writes the flags of the names in `value`, an array that has each name at most once.
 *
 * @param size Bytes: 1, 2, 4 or 8.
 * @returns False for anything else; nothing is written then.
 */
export function writeFlags(
  view: DataView,
  at: number,
  size: number,
  value: unknown,
  bits: ReadonlyMap<unknown, number>,
): boolean {
  if (!Array.isArray(value)) return false;
  let low = 0;
  let high = 0;
  for (let index = 0, count = value.length; index < count; index++) {
    const bit = bits.get(value[index]);
    if (bit === undefined) return false;
    const mask = 1 << (bit % HALF);
    if (((bit < HALF ? low : high) & mask) !== 0) return false;
    if (bit < HALF) low |= mask;
    else high |= mask;
  }
  if (size === 1) view.setUint8(at, low);
  else if (size === 2) view.setUint16(at, low, true);
  else view.setUint32(at, low, true);
  if (size === 8) view.setUint32(at + 4, high, true);
  return true;
}

/**
 * The names whose bits are there, in the order of declaration.
 *
 * @param isOpen Whether bits that have no name are left out, instead of making the result `undefined`.
 */
export function readFlags(
  view: DataView,
  at: number,
  size: number,
  names: readonly string[],
  isOpen: boolean,
): string[] | undefined {
  const low = size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
  const high = size === 8 ? view.getUint32(at + 4, true) : 0;
  const result: string[] = [];
  if (low === 0 && high === 0) return result;
  let rest = low;
  for (const [bit, name] of names.entries()) {
    if (bit === HALF) rest = high;
    if ((rest & (1 << (bit % HALF))) !== 0) result.push(name);
  }
  return isOpen || !hasBitsFrom(names.length, low, high) ? result : undefined;
}

/** Whether there are bits from number `count` on. */
function hasBitsFrom(count: number, low: number, high: number): boolean {
  // Shifting by 32 would shift by 0.
  if (count >= HALF) return count < 2 * HALF && high >>> (count - HALF) !== 0;
  return low >>> count !== 0 || high !== 0;
}
