/** A schema with every kind of field and of call, for the gateway's tests. */
import {
  bool,
  bytes,
  call,
  decimal,
  enumeration,
  f32,
  f64,
  flags,
  i32,
  i64,
  list,
  optional,
  service,
  struct,
  text,
  timestamp,
  u8,
  u32,
  u64,
  union,
} from '@isthmus/schema';

export const Kind = enumeration('Kind', ['call', 'put']);

export const QuoteRequest = struct('QuoteRequest', {
  spot: f64({ description: 'Price of the underlying.', min: 0 }),
  volatility: f64(),
  kind: Kind,
  dividendYield: f64({ default: 0 }),
});

export const QuoteReply = struct('QuoteReply', { price: f64({ description: 'Price of the option.' }) });

export const Inner = struct('Inner', { level: u8(), ratio: f32() });

export const Everything = struct('Everything', {
  flag: bool(),
  count: i32({ min: -10, max: 1000 }),
  big: u64(),
  shift: i64(),
  name: text(8),
  inner: Inner,
});

export const Fill = struct('Fill', {
  at: timestamp(),
  price: decimal(2, { unit: 'EUR' }),
  venue: text(),
  note: optional(text()),
});

export const Limit = struct('Limit', { price: decimal(2) });
export const Market = struct('Market', { atOnce: bool() });

export const Order = struct('Order', {
  id: u64(),
  terms: union('Terms', { limit: Limit, market: Market }),
  rights: flags('Rights', ['cancel', 'amend']),
  fills: list(Fill),
  key: bytes(),
  state: enumeration('State', ['open', 'done'], { open: true }),
});

export const Count = struct('Count', { count: u32({ max: 1000 }) });

export const pricing = service(
  'pricing',
  {
    quote: call({ input: QuoteRequest, output: QuoteReply, idempotent: true, description: 'Prices an option.' }),
    echo: call({ input: Everything, output: Everything }),
    ping: call({}),
    order: call({ input: Order, output: Order }),
    fills: call({ input: Count, output: Fill, replies: 'many' }),
    pages: call({ input: Count, output: bytes(), replies: 'many' }),
    digest: call({ input: bytes(), output: Count }),
    render: call({ input: Count, output: bytes() }),
    note: call({ input: Count, replies: 'none' }),
  },
  { description: 'Options.', errors: ['negativeVolatility'] },
);
