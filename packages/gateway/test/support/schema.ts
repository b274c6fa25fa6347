/** A schema with every kind of field, for the gateway's tests. */
import { bool, call, enumeration, f32, f64, i32, i64, service, struct, text, u8, u64 } from '@isthmus/schema';

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
  signed: i64(),
  name: text(8),
  inner: Inner,
});

export const pricing = service(
  'pricing',
  {
    quote: call({ input: QuoteRequest, output: QuoteReply, idempotent: true, description: 'Prices an option.' }),
    echo: call({ input: Everything, output: Everything }),
    ping: call({}),
  },
  { description: 'Options.', errors: ['negativeVolatility'] },
);
