/** Regions with every kind of key, with one writer and with several. */
import { bool, bytes, enumeration, f64, i64, region, service, struct, text, timestamp, u8, u16 } from '@isthmus/schema';

const Side = enumeration('Side', ['buy', 'sell']);
const Quote = struct('Quote', {
  symbol: text(8),
  bid: f64(),
  port: u16({ endian: 'big' }),
  live: bool(),
  side: Side,
  at: timestamp(),
});
export const Row = struct(
  'Row',
  {
    level: u8(),
    tag: bytes(3),
    port: u16({ endian: 'big' }),
    count: i64({ endian: 'big' }),
    side: Side,
    note: text(5),
  },
  { packed: true },
);

export const feed = service('feed', {
  market: region(Quote, { key: 'symbol', rows: 4 }),
  shared: region(Quote, { key: 'symbol', rows: 2, writers: 'many' }),
  empty: region(Quote),
  state: region(Row, { writers: 'many' }),
  byLevel: region(Row, { key: 'level', rows: 3 }),
  byTag: region(Row, { key: 'tag', rows: 3 }),
  byPort: region(Row, { key: 'port', rows: 3 }),
  byCount: region(Row, { key: 'count', rows: 3 }),
  bySide: region(Row, { key: 'side', rows: 2 }),
});
