/**
 * European options by Black-Scholes-Merton with a generalised cost of carry, served by pricing.c.
 *
 * The cost of carry b of Haug's generalised formula is `rate - dividendYield`. So `dividendYield` is 0 for a stock without
 * dividends, the yield for a stock or an index with one, `rate` for a future (with the futures price as `spot`), and the
 * foreign rate for a currency.
 *
 * The schema says what a request may hold: finite numbers. Which of them make sense is economics, and the C program's to
 * say; its refusals are the errors named here.
 */
import { call, enumeration, f64, list, service, struct, text, u32, union } from '@isthmus/schema';

const OptionKind = enumeration('OptionKind', ['call', 'put'], {
  description: 'A call is the right to buy at the strike, a put the right to sell.',
});

/** What both methods ask about the option. `kind` follows separately: 4 bytes, so it goes last. */
const contract = {
  spot: f64({ description: 'Price of the underlying today, above 0. For an option on a future: the futures price.' }),
  strike: f64({ description: 'Price at which the option can be exercised, above 0.' }),
  rate: f64({ description: 'Risk-free rate, continuously compounded, a year: 0.05 is 5 %. May be negative.' }),
  expiry: f64({ description: 'Time to expiry in years, 0 or more.' }),
  dividendYield: f64({
    default: 0,
    description:
      'Yield of the underlying, continuously compounded, a year. For a future: the same as rate; for a currency: ' +
      'the foreign rate. The cost of carry is rate - dividendYield.',
  }),
};

const QuoteRequest = struct('QuoteRequest', {
  ...contract,
  volatility: f64({ description: 'Volatility a year, 0 or more: 0.2 is 20 %.' }),
  kind: OptionKind,
});

const QuoteReply = struct('QuoteReply', {
  price: f64({ description: 'Value today. Where volatility or expiry is 0: the discounted intrinsic value.' }),
  delta: f64({ description: 'Change of price for 1 of spot.' }),
  gamma: f64({ description: 'Change of delta for 1 of spot.' }),
  vega: f64({ description: 'Change of price for 1.00 of volatility; divide by 100 for one percentage point.' }),
  theta: f64({ description: 'Change of price for one year that passes; divide by 365 for a day.' }),
  rho: f64({
    description: 'Change of price for 1.00 of rate, dividendYield unchanged; divide by 100 for one percentage point.',
  }),
});

const ImpliedVolatilityRequest = struct('ImpliedVolatilityRequest', {
  ...contract,
  price: f64({ description: 'Price of the option, within its no-arbitrage bounds.' }),
  kind: OptionKind,
});

const ImpliedVolatilityReply = struct('ImpliedVolatilityReply', {
  volatility: f64({
    description: 'Volatility a year at which quote gives the price; 0 for a price without time value.',
  }),
  iterations: u32({ description: 'How often the search evaluated the formula.' }),
});

const Refusal = struct('Refusal', {
  reason: text({ description: 'As the same option alone would be refused.' }),
  code: u32({ description: 'Which of the errors below, counted from 1.' }),
});

const Outcome = union('Outcome', { quote: QuoteReply, refusal: Refusal });

const QuoteManyRequest = struct('QuoteManyRequest', {
  options: list(QuoteRequest, { max: 5000, description: 'Each is priced by itself.' }),
});

const QuoteManyReply = struct('QuoteManyReply', {
  outcomes: list(Outcome, { description: 'One for each option, in their order.' }),
});

const LadderRequest = struct('LadderRequest', {
  option: QuoteRequest,
  highest: f64({ description: 'The last spot; the first one is the spot of the option.' }),
  rungs: u32({ min: 2, max: 1_000_000, description: 'How many spots, evenly spaced.' }),
});

const Rung = struct('Rung', { spot: f64({ description: 'Price of the underlying.' }), quote: QuoteReply });

export const pricing = service(
  'pricing',
  {
    quote: call({
      input: QuoteRequest,
      output: QuoteReply,
      idempotent: true,
      description: 'Price and greeks of a European option.',
    }),
    impliedVolatility: call({
      input: ImpliedVolatilityRequest,
      output: ImpliedVolatilityReply,
      idempotent: true,
      description: 'The volatility that a price of a European option implies.',
    }),
    quoteMany: call({
      input: QuoteManyRequest,
      output: QuoteManyReply,
      idempotent: true,
      description: 'Quotes for many options at once; one that is refused does not fail the others.',
    }),
    ladder: call({
      input: LadderRequest,
      output: Rung,
      replies: 'many',
      idempotent: true,
      description: 'Quotes for an option over a range of spots, one reply each, as they are computed.',
    }),
  },
  {
    description: 'European options by Black-Scholes-Merton with a generalised cost of carry.',
    errors: [
      'spotNotPositive',
      'strikeNotPositive',
      'volatilityNegative',
      'expiryNegative',
      'resultNotFinite',
      'optionExpired',
      'priceBelowBound',
      'priceAboveBound',
    ],
  },
);
