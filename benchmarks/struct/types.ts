import { bool, enumeration, f64, list, struct, text, u32 } from '@isthmus/schema';

/** 64 bytes. Nothing in 64-bit integers, which JSON.stringify would not take. */
export const Fill = struct('Fill', {
  orderId: u32(),
  side: enumeration('Side', ['buy', 'sell']),
  price: f64(),
  quantity: f64({ min: 0 }),
  fee: f64(),
  latency: f64(),
  venue: text(4),
  isMaker: bool(),
  symbol: text(17),
});

export const Board = struct('Board', { note: text(), rows: list(Fill) });

/** 40 doubles. */
export const Wide = struct(
  'Wide',
  Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`field${index}` as const, f64()])),
);
