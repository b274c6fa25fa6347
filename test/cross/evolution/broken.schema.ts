/** A version that no program of the others can talk to. */
import { call, enumeration, f32, flags, list, optional, service, struct, u32 } from '@isthmus/schema';

const Kind = enumeration('Kind', ['box'], { open: true });
const Rights = flags('Rights', ['read'], { bits: 8, open: true });
const Item = struct('Item', { id: u32(), cost: f32({ min: 0, max: 1000 }) });

export const stock = service('stock', {
  price: call({
    input: struct('Order', { items: list(Item, { max: 8 }), kind: Kind, rights: Rights }),
    output: struct('Receipt', { total: f32(), kind: Kind, rights: Rights, last: optional(Item) }),
  }),
});
