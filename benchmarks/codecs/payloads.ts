/** What is measured: the pricing example's quote, and a table of 100 rows. */
import { f64, list, type Struct, struct, text, timestamp, u32 } from '@isthmus/schema';
import { pricing } from '../../examples/pricing/pricing.schema.ts';

export interface Example {
  readonly what: string;
  readonly type: Struct;
  readonly value: unknown;
}

const Row = struct('Row', {
  symbol: text(),
  strike: f64(),
  bid: f64(),
  ask: f64(),
  volume: u32(),
  tradedAt: timestamp(),
});
const Table = struct('Table', { rows: list(Row) });

/** An option chain: no number of it is random, so that its sizes are the same each time. */
function chain(): unknown {
  const at = 1_795_334_400_000_000_000n;
  return {
    rows: Array.from({ length: 100 }, (_, index) => ({
      symbol: `ACME-2027-${index % 2 === 0 ? 'C' : 'P'}-${80 + index / 2}`,
      strike: 80 + index / 2,
      bid: Math.round(100 * (20 - index / 7)) / 100,
      ask: Math.round(100 * (20.15 - index / 7)) / 100,
      volume: (index * index * 37) % 5000,
      tradedAt: at + BigInt(index) * 1_234_567_891n,
    })),
  };
}

const { input, output } = pricing.calls.quote;

/** Hull's example "S = 42, K = 40", and what it is worth. */
export const examples: readonly Example[] = [
  {
    what: 'quote, request',
    type: input,
    value: { spot: 42, strike: 40, rate: 0.1, expiry: 0.5, dividendYield: 0, volatility: 0.2, kind: 'call' },
  },
  {
    what: 'quote, reply',
    type: output,
    value: {
      price: 4.759422392871532,
      delta: 0.7791312909426689,
      gamma: 0.04996267040591185,
      vega: 8.813415059602853,
      theta: -4.559092194592626,
      rho: 13.982045913360281,
    },
  },
  { what: '100 rows', type: Table, value: chain() },
];
