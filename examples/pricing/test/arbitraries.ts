/** Random options for properties. */
import fc from 'fast-check';
import type { Option } from './math.ts';

const kind = fc.constantFrom('call', 'put');

function between(min: number, max: number): fc.Arbitrary<number> {
  return fc.double({ min, max, noNaN: true });
}

/** Options as they are traded, deep in and out of the money included. */
export const ordinaryOption: fc.Arbitrary<Option> = fc
  .record({
    kind,
    spot: between(10, 1000),
    moneyness: between(0.3, 3),
    rate: between(-0.02, 0.15),
    dividendYield: between(-0.02, 0.15),
    expiry: between(0.02, 5),
  })
  .map(({ moneyness, ...option }) => ({ ...option, strike: option.spot * moneyness }));

/** A volatility a year to go with an ordinary option. */
export const ordinaryVolatility = between(0.05, 1.5);

/** Numbers of every magnitude that a double has, and the awkward ones more often. */
const zeroOrMore = fc.oneof(
  fc.constantFrom(0, Number.MIN_VALUE, 1e-300, 1e-16, 1, 1e16, 1e300, Number.MAX_VALUE),
  between(0, 10),
  between(0, Number.MAX_VALUE),
);
const aboveZero = zeroOrMore.filter((value) => value > 0);
const any = fc.tuple(zeroOrMore, fc.boolean()).map(([value, negative]) => (negative ? -value : value));

/** Whatever the service accepts, sensible or not. A strike equal to the spot is frequent. */
export const anyOption: fc.Arbitrary<Option> = fc.oneof(
  fc.record({ kind, spot: aboveZero, strike: aboveZero, rate: any, dividendYield: any, expiry: zeroOrMore }),
  fc
    .record({ kind, spot: aboveZero, rate: any, dividendYield: any, expiry: zeroOrMore })
    .map((option) => ({ ...option, strike: option.spot })),
);

export const anyVolatility = zeroOrMore;
export const anyPrice = any;
