/**
 * Numbers that others have published, with the place. Haug: E. G. Haug, "The Complete Guide to Option Pricing Formulas"
 * (1st ed. 1998 unless said otherwise). Hull: J. C. Hull, "Options, Futures, and Other Derivatives", chapters by name, since
 * their numbers move between editions. A test may ask for one unit of the last digit printed.
 */
import type { Option, Quote } from './math.ts';

export interface Published {
  readonly source: string;
  readonly option: Option;
  readonly volatility: number;
  /** What the source prints, as it prints it: the number of decimals counts. */
  readonly results: Partial<Record<keyof Quote, string>>;
}

const hullHolding = { kind: 'call', spot: 49, strike: 50, rate: 0.05, expiry: 0.3846 } as const;

const examples: readonly Published[] = [
  {
    source: 'Hull, the Black-Scholes-Merton model, example "S = 42, K = 40", call',
    option: { kind: 'call', spot: 42, strike: 40, rate: 0.1, expiry: 0.5 },
    volatility: 0.2,
    results: { price: '4.76' },
  },
  {
    source: 'Hull, the same example, put',
    option: { kind: 'put', spot: 42, strike: 40, rate: 0.1, expiry: 0.5 },
    volatility: 0.2,
    results: { price: '0.81' },
  },
  {
    source: 'Hull, the Greek letters, the running example',
    option: hullHolding,
    volatility: 0.2,
    results: { price: '2.40', delta: '0.522', gamma: '0.066', vega: '12.1', theta: '-4.31', rho: '8.91' },
  },
  {
    source: 'Hull, options on stock indices, example "930, 900"',
    option: { kind: 'call', spot: 930, strike: 900, rate: 0.08, dividendYield: 0.03, expiry: 2 / 12 },
    volatility: 0.2,
    results: { price: '51.83' },
  },
  {
    source: 'Hull, futures options, example of a put on crude oil',
    option: { kind: 'put', spot: 20, strike: 20, rate: 0.09, dividendYield: 0.09, expiry: 4 / 12 },
    volatility: 0.25,
    results: { price: '1.12' },
  },
  {
    source: 'Haug p. 2, Black and Scholes 1973',
    option: { kind: 'call', spot: 60, strike: 65, rate: 0.08, expiry: 0.25 },
    volatility: 0.3,
    results: { price: '2.1334' },
  },
  {
    source: 'Haug p. 3, Merton 1973, an index with a yield',
    option: { kind: 'put', spot: 100, strike: 95, rate: 0.1, dividendYield: 0.05, expiry: 0.5 },
    volatility: 0.2,
    results: { price: '2.4648' },
  },
  {
    source: 'Haug p. 4, Black 1976, a future, put',
    option: { kind: 'put', spot: 19, strike: 19, rate: 0.1, dividendYield: 0.1, expiry: 0.75 },
    volatility: 0.28,
    results: { price: '1.7011' },
  },
  {
    source: 'Haug p. 4, Black 1976, a future, call',
    option: { kind: 'call', spot: 19, strike: 19, rate: 0.1, dividendYield: 0.1, expiry: 0.75 },
    volatility: 0.28,
    results: { price: '1.7011' },
  },
  {
    source: 'Haug 2nd ed., Asay 1982, a margined future',
    option: { kind: 'put', spot: 4200, strike: 3800, rate: 0, expiry: 0.75 },
    volatility: 0.15,
    results: { price: '65.6185' },
  },
  {
    source: 'Haug p. 6, Garman and Kohlhagen 1983, a currency',
    option: { kind: 'call', spot: 1.56, strike: 1.6, rate: 0.06, dividendYield: 0.08, expiry: 0.5 },
    volatility: 0.12,
    results: { price: '0.0291' },
  },
  {
    source: 'Haug p. 8, the generalised formula',
    option: { kind: 'put', spot: 75, strike: 70, rate: 0.1, dividendYield: 0.05, expiry: 0.5 },
    volatility: 0.35,
    results: { price: '4.0870' },
  },
  {
    source: 'Haug p. 27, a currency',
    option: { kind: 'call', spot: 42, strike: 40, rate: 0.04, dividendYield: 0.08, expiry: 0.75 },
    volatility: 0.35,
    results: { price: '5.0975' },
  },
  {
    source: 'Haug p. 11, delta of a call on a future',
    option: { kind: 'call', spot: 105, strike: 100, rate: 0.1, dividendYield: 0.1, expiry: 0.5 },
    volatility: 0.36,
    results: { delta: '0.5946' },
  },
  {
    source: 'Haug p. 11, delta of a put on a future',
    option: { kind: 'put', spot: 105, strike: 100, rate: 0.1, dividendYield: 0.1, expiry: 0.5 },
    volatility: 0.36,
    results: { delta: '-0.3566' },
  },
  {
    source: 'Haug pp. 13 and 14, gamma and vega',
    option: { kind: 'call', spot: 55, strike: 60, rate: 0.1, expiry: 0.75 },
    volatility: 0.3,
    results: { gamma: '0.0278', vega: '18.9358' },
  },
  {
    source: 'Haug p. 15, theta of a put on an index',
    option: { kind: 'put', spot: 430, strike: 405, rate: 0.07, dividendYield: 0.05, expiry: 1 / 12 },
    volatility: 0.2,
    results: { theta: '-31.1924' },
  },
  {
    source: 'Haug p. 16, rho of a call on a stock',
    option: { kind: 'call', spot: 72, strike: 75, rate: 0.09, expiry: 1 },
    volatility: 0.19,
    results: { rho: '38.7325' },
  },
];

/** Haug p. 24: options on a future, strike 100, rate 10 %. Expiry, volatility, then for futures at 90, 100 and 110. */
const table: readonly (readonly [Option['kind'], number, number, readonly [string, string, string]])[] = [
  ['call', 0.1, 0.15, ['0.0205', '1.8734', '9.9413']],
  ['call', 0.1, 0.25, ['0.3150', '3.1217', '10.3556']],
  ['call', 0.1, 0.35, ['0.9474', '4.3693', '11.1381']],
  ['call', 0.5, 0.15, ['0.8069', '4.0232', '10.5769']],
  ['call', 0.5, 0.25, ['2.7026', '6.6997', '12.7857']],
  ['call', 0.5, 0.35, ['4.9329', '9.3679', '15.3086']],
  ['put', 0.1, 0.15, ['9.9210', '1.8734', '0.0408']],
  ['put', 0.1, 0.25, ['10.2155', '3.1217', '0.4551']],
  ['put', 0.1, 0.35, ['10.8479', '4.3693', '1.2376']],
  ['put', 0.5, 0.15, ['10.3192', '4.0232', '1.0646']],
  ['put', 0.5, 0.25, ['12.2149', '6.6997', '3.2734']],
  ['put', 0.5, 0.35, ['14.4452', '9.3679', '5.7963']],
];

export const published: readonly Published[] = [
  ...examples,
  ...table.flatMap(([kind, expiry, volatility, prices]) =>
    prices.map((price, column) => ({
      source: `Haug p. 24, ${kind}, expiry ${expiry}, volatility ${volatility}, future at ${90 + 10 * column}`,
      option: { kind, spot: 90 + 10 * column, strike: 100, rate: 0.1, dividendYield: 0.1, expiry },
      volatility,
      results: { price },
    })),
  ),
];

/** Implied volatilities, in the same form. */
export const publishedImplied = [
  {
    source: 'Hull, the Black-Scholes-Merton model, implied volatilities',
    option: { kind: 'call', spot: 21, strike: 20, rate: 0.1, expiry: 0.25 },
    price: 1.875,
    volatility: '0.235',
  },
  {
    source: 'Hull, currency options',
    option: { kind: 'call', spot: 1.6, strike: 1.6, rate: 0.08, dividendYield: 0.11, expiry: 0.3333 },
    price: 0.043,
    volatility: '0.141',
  },
] as const satisfies readonly { source: string; option: Option; price: number; volatility: string }[];
