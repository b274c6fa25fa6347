/** The market that the options are about: a feed owns the quotes, in shared memory, and whoever wants to reads them there. */
import { f64, region, service, struct, text, timestamp, u64 } from '@isthmus/schema';

const Quote = struct('Quote', {
  symbol: text(8, { description: 'Short name of the stock.' }),
  bid: f64({ description: 'The highest price that a buyer offers, in USD.' }),
  ask: f64({ description: 'The lowest price that a seller asks, in USD; above bid.' }),
  last: f64({ description: 'The price of the last trade, in USD.' }),
  open: f64({ description: 'The price of the first trade since the feed began, in USD.' }),
  volume: u64({ description: 'Shares traded since the feed began.' }),
  updates: u64({ description: 'How often the feed has written this row since it began.' }),
  time: timestamp({ description: 'When the last trade was.' }),
});

export const feed = service(
  'feed',
  {
    market: region(Quote, {
      key: 'symbol',
      rows: 16,
      description: 'The latest quote of each stock. Together they change 10,000 times a second.',
    }),
  },
  { description: 'Invented prices of invented stocks: a random walk.' },
);
