import { defineBridge } from '@isthmus/gateway';
import { feed } from './market.schema.ts';
import { pricing } from './pricing.schema.ts';

/** The option of Hull's example "S = 42, K = 40"; the call is worth 4.76. */
const option = { spot: 42, strike: 40, rate: 0.1, expiry: 0.5, kind: 'call' };

export default defineBridge({
  http: { pages: { '/examples/market': './page' } },
  services: {
    pricing: {
      schema: pricing,
      header: 'generated/pricing.h',
      build: ['make', '-s', 'build/pricing'],
      command: ['./build/pricing'],
      instances: 2,
      example: {
        quote: { ...option, volatility: 0.2 },
        impliedVolatility: { ...option, price: 4.76 },
        quoteMany: { options: [40, 42, 44].map((spot) => ({ ...option, spot, volatility: 0.2 })) },
        ladder: { option: { ...option, volatility: 0.2 }, highest: 52, rungs: 6 },
      },
    },
    feed: {
      schema: feed,
      header: 'generated/feed.h',
      build: ['make', '-s', 'build/feed'],
      command: ['./build/feed'],
    },
  },
});
