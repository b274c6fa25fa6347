import { optionProblems } from './options.ts';
import { rangeProblems } from './ranges.ts';
import { type EndianOptions, endianProblems, placed, type RangeOptions, type UnitOptions } from './scalars.ts';
import { type DecimalType, limits } from './types.ts';

export interface DecimalOptions<Default> extends RangeOptions<string, Default>, UnitOptions, EndianOptions {}

/** The most digits after the point: with more, 64 bits could not even hold 10. */
const MAX_SCALE = 18;

/**
 * A decimal number with `scale` digits after the point, exact: 9.22e18 units of 10^-scale either way. C: `int64_t`, 10^scale
 * times the value. TypeScript and JSON: a string, `"12.50"`. Bounds and defaults are strings too.
 *
 * @example decimal(2, { min: '0', unit: 'EUR' })
 */
export function decimal<D extends string | undefined = undefined>(
  scale: number,
  options: DecimalOptions<D> = {},
): DecimalType<NoInfer<D>> {
  const problems = optionProblems(options, ['description', 'default', 'min', 'max', 'unit', 'endian']);
  problems.push(...endianProblems(options));
  const isScale = Number.isInteger(scale) && scale >= 0 && scale <= MAX_SCALE;
  if (!isScale) problems.push(`the scale must be a whole number from 0 to ${MAX_SCALE}`);
  const given: DecimalOptions<D> = options ?? {};
  const unscaled = (key: 'min' | 'max' | 'default'): bigint | undefined => {
    const value: unknown = given[key];
    if (value === undefined || !isScale) return undefined;
    const units = decimalUnits(value, scale);
    if (units === undefined) {
      problems.push(`${key} must be a decimal number in a string, of 64 bits with ${scale} digits after the point`);
    }
    return units;
  };
  const min = unscaled('min') ?? limits.decimal.min;
  const max = unscaled('max') ?? limits.decimal.max;
  const fallback = unscaled('default');
  problems.push(...rangeProblems('decimal', { min, max, default: fallback }, (units) => decimalText(units, scale)));
  return Object.freeze({
    kind: 'decimal',
    scale,
    description: given.description,
    unit: given.unit,
    // It is a string exactly where the options have a default.
    default: (fallback === undefined ? undefined : decimalText(fallback, scale)) as D,
    min,
    max,
    ...placed(options, problems),
  });
}

/** Up to 19 digits before the point, which is what 64 bits can need; no sign of plus, no leading zeros, no exponent. */
const pattern = /^-?(?:0|[1-9][0-9]{0,18})(?:\.([0-9]{1,18}))?$/;

/**
 * 10^scale times the number that a string writes; `undefined` for what is no such number, has more digits after the point, or
 * is beyond 64 bits.
 */
export function decimalUnits(value: unknown, scale: number): bigint | undefined {
  if (typeof value !== 'string') return undefined;
  const match = pattern.exec(value);
  const fraction = match?.[1] ?? '';
  if (match === null || fraction.length > scale) return undefined;
  const units = BigInt(value.replace('.', '') + '0'.repeat(scale - fraction.length));
  return BigInt.asIntN(64, units) === units ? units : undefined;
}

/** The number as a string with exactly `scale` digits after the point. */
export function decimalText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const sign = units < 0n ? '-' : '';
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
