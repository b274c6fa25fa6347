/** The next version: it differs from the first one only in ways that docs/evolution.md calls safe, in one direction at least. */
import { call, enumeration, f64, flags, list, optional, service, struct, text, u32 } from '@isthmus/schema';

const Kind = enumeration('Kind', ['box', 'bag'], { open: true });
const Rights = flags('Rights', ['read', 'write'], { bits: 8, open: true });
const Item = struct('Item', {
  id: u32(),
  price: f64({ min: 0, max: 5000 }),
  discount: f64({ default: 0 }),
  label: text({ default: '-' }),
});

export const stock = service(
  'stock',
  {
    price: call({
      input: struct('Order', { items: list(Item, { max: 9 }), kind: Kind, rights: Rights, note: optional(text()) }),
      output: struct('Receipt', {
        total: f64(),
        kind: Kind,
        rights: Rights,
        last: optional(Item),
        note: text({ default: 'none' }),
      }),
      idempotent: true,
    }),
    count: call({
      input: struct('Range', { to: u32(), by: u32({ min: 1, default: 1 }) }),
      output: struct('Step', { at: u32(), left: u32({ default: 0 }) }),
      replies: 'many',
    }),
    cancel: call(),
  },
  { errors: ['soldOut'] },
);
