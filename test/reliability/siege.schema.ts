/** A service whose every answer can be checked. siege.c beside this file is its instance, load.c and load.ts are its clients. */
import { array, bytes, call, region, service, struct, u32, u64 } from '@isthmus/schema';

/** `number` is the call's, in the ledger; the reply has the content with each byte inverted. */
const Work = struct('Work', { number: u32(), content: bytes() });
const Order = struct('Order', { number: u32(), parts: u32(), bytes: u32() });
const Part = struct('Part', { number: u32(), index: u32(), content: bytes() });
const Note = struct('Note', { number: u32() });

/** Whole if every digit is `number` times its place, from 1: see digitsOf(). */
const Gauge = struct('Gauge', { number: u64(), digits: array(u64(), 14) });
const Entry = struct('Entry', { key: u32(), owner: u32(), number: u64(), digits: array(u64(), 6) });

export const siege = service('siege', {
  work: call({ input: Work, output: Work }),
  // The same, answered by another thread.
  later: call({ input: Work, output: Work }),
  // The same once more, but not in the ledger: it may be executed twice.
  again: call({ input: Work, output: Work, idempotent: true }),
  deliver: call({ input: Order, output: Part, replies: 'many' }),
  note: call({ input: Note, replies: 'none' }),
  // Writes `gauge`, a row of `tally`, and one of `board`.
  touch: call({ output: Note }),

  gauge: region(Gauge),
  tally: region(Entry, { key: 'key', rows: 64 }),
  board: region(Entry, { key: 'key', rows: 4096, writers: 'many' }),
});
