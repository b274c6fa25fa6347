/** What an order costs: the first version. */
import { call, enumeration, f64, flags, list, optional, service, struct, u32 } from '@isthmus/schema';

const Kind = enumeration('Kind', ['box'], { open: true });
const Rights = flags('Rights', ['read'], { bits: 8, open: true });
const Item = struct('Item', { id: u32(), price: f64({ min: 0, max: 1000 }) });

export const stock = service('stock', {
  price: call({
    input: struct('Order', { items: list(Item, { max: 8 }), kind: Kind, rights: Rights }),
    output: struct('Receipt', { total: f64(), kind: Kind, rights: Rights, last: optional(Item) }),
    idempotent: true,
  }),
  count: call({
    input: struct('Range', { to: u32() }),
    output: struct('Step', { at: u32() }),
    replies: 'many',
  }),
});
