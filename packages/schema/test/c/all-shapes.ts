/** A service with each shape of call, and each kind of field in its structs: what the tests of the C header share. */
import {
  array,
  bool,
  bytes,
  call,
  decimal,
  duration,
  enumeration,
  f32,
  f64,
  field,
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
  u16,
  union,
} from '../../src/index.ts';

const Side = enumeration('Side', ['buy', 'sell']);
const Venue = enumeration('Venue', ['lit', 'dark'], { open: true, description: 'Where it is traded.' });
const Access = flags('Access', ['read', 'write'], { bits: 8 });
const Wide = flags('Wide', ['first', 'second'], { bits: 64, open: true });

export const Leg = struct('Leg', {
  strike: f64({ min: 0, unit: 'USD/share', description: 'What is paid' }),
  label: text(7, { default: 'none' }),
});
export const Row = struct('Row', {
  name: text({ description: 'Who' }),
  weight: optional(f64({ min: 0 })),
  marks: list(f64({ min: 0 }), { max: 5, default: 'empty' }),
  price: decimal(2, { default: '1.5', min: '0' }),
  grid: array(array(u16({ endian: 'big', max: 50 }), 2), 3),
  legs: list(Leg),
});
const Square = struct('Square', { side: f64() });
const Point = struct('Point', { x: i32() });
const Shape = union('Shape', { square: Square, row: Row, point: Point }, { description: 'One of them' });
const Frame = struct(
  'Frame',
  {
    version: u8(),
    leg: Leg,
    port: u16({ endian: 'big', default: 80 }),
    ratio: f32({ endian: 'big' }),
    note: optional(text({ max: 20 })),
    rows: list(Row),
    names: array(text(), 3),
    sent: timestamp({ endian: 'big' }),
  },
  { packed: true, align: 4, description: 'As it is on the wire.' },
);
const Request = struct(
  'Request',
  {
    side: field(Side, { default: 'sell' }),
    venue: Venue,
    shape: Shape,
    access: field(Access, { default: ['read'] }),
    wide: Wide,
    key: bytes(4),
    frame: Frame,
    blobs: list(bytes()),
    nested: list(list(Row)),
    triples: list(array(u16({ endian: 'big' }), 3)),
    labels: list(text(7)),
    lasts: optional(duration({ max: 60_000_000_000n })),
    isTest: bool(),
  },
  { align: 16 },
);
const Reply = struct('Reply', { rows: list(Row), total: i64({ min: 0n }) });

export const allShapes = service(
  'allShapes',
  {
    quote: call({ input: Leg, output: Square, description: 'The side of a square.' }),
    trade: call({ input: Request, output: Reply }),
    raw: call({ input: bytes({ max: 100 }), output: bytes() }),
    coded: call({ input: Request, output: Reply, codec: 'protobuf' }),
    rows: call({ input: Leg, output: Row, replies: 'many' }),
    ticks: call({ output: Square, replies: 'many' }),
    pulses: call({ replies: 'many' }),
    blobs: call({ input: bytes(), output: bytes({ max: 9 }), replies: 'many' }),
    log: call({ input: Request, replies: 'none' }),
    ping: call(),
    pang: call({ replies: 'none' }),
  },
  { errors: ['badLuck'], description: 'Every shape.' },
);
