import { array, call, enumeration, f64, i64, optional, region, service, struct, text, u32, u64 } from '@isthmus/schema';

export const Side = enumeration('Side', ['buy', 'sell']);

/** 64 bytes of which all can be told from the count: what a torn value shows in. */
export const Tick = struct('Tick', { count: u64(), words: array(u64(), 6), side: Side, low: u32() });

export const Quote = struct('Quote', {
  symbol: text(7),
  price: f64(),
  size: u32(),
  side: Side,
  note: optional(u32()),
  limit: optional(struct('Limit', { low: f64(), high: f64() })),
});

const Version = struct('Version', { version: u64(), time: i64() });
const Key = struct('Key', { symbol: text(7) });

/** Regions of each kind. `feed.c` serves it. */
export const feed = service('feed', {
  ticks: region(Tick),
  market: region(Quote, { key: 'symbol', rows: 8 }),
  board: region(Tick, { writers: 'many' }),
  orders: region(Quote, { key: 'symbol', rows: 4, writers: 'many' }),
  /** Takes long to write. */
  page: region(struct('Page', { first: u64(), rest: array(u64(), 8000) }), { writers: 'many' }),
  /** Writes it to `market`. */
  quote: call({ input: Quote, output: Version }),
  /** Reads `orders`. */
  order: call({ input: Key, output: Quote }),
  /** Writes `ticks` and `board`, one after the other, so many times; 0: without end, on a thread of its own. */
  tick: call({ input: struct('Times', { times: u32() }) }),
  /** Writes a Side to `board` that there is not. */
  spoil: call({}),
});
