/** 64 bytes of state: in one row, as the speed of reading is measured. */
import { f64, region, service, struct, text, timestamp, u64 } from '@isthmus/schema';

export const Quote = struct('Quote', {
  symbol: text(7),
  bid: f64(),
  ask: f64(),
  last: f64(),
  open: f64(),
  volume: u64(),
  updates: u64(),
  time: timestamp(),
});

export const state = service('state', { quote: region(Quote) });
