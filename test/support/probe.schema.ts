/** A service with a method for everything that can happen to a call. Its C half is probe.c beside this file. */
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
  flags,
  type Infer,
  i8,
  i16,
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
  u32,
  u64,
  union,
} from '@isthmus/schema';

const Colour = enumeration('Colour', ['red', 'green', 'blue']);
const Inner = struct('Inner', { flag: bool(), tiny: i8(), label: text(7), ratio: f64() });

/** A field of every type, with padding between some. */
export const Everything = struct('Everything', {
  yes: bool(),
  signed8: i8(),
  signed16: i16(),
  signed32: i32(),
  signed64: i64(),
  unsigned8: u8(),
  unsigned16: u16(),
  unsigned32: u32(),
  unsigned64: u64(),
  single: f32(),
  precise: f64(),
  colour: Colour,
  name: text(40),
  inner: Inner,
  bounded: i32({ min: -5, max: 5, default: 3 }),
  greeting: text(12, { default: 'hello' }),
});
export type Everything = Infer<typeof Everything>;

const Number64 = struct('Number64', { value: i64() });
const Pause = struct('Pause', { microseconds: u32(), tag: u32() });
const Identity = struct('Identity', { pid: u32(), thread: u32(), tag: u32() });
const Code = struct('Code', { code: i32() });
const Context = struct('Context', { traceId: text(32), spanId: text(16), remainingNs: i64(), callId: u64() });
/** As large as a struct can be, but for the alignment. */
const Blob = struct('Blob', { data: text(65_535) });

const Circle = struct('Circle', { radius: f64(), label: text() });
const Square = struct('Square', { side: f64() });
const Point = struct('Point', { name: text(), x: f64({ endian: 'big' }), tags: list(text()) });
const Points = struct('Points', { points: list(Point) });

/** All that `Everything` has not, tails within tails among it. */
export const Kinds = struct('Kinds', {
  when: timestamp(),
  took: duration(),
  price: decimal(2),
  level: enumeration('Level', ['low', 'high'], { open: true }),
  access: flags('Access', ['read', 'write', 'run']),
  digest: bytes(8),
  grid: array(i16(), 6),
  maybe: optional(u32()),
  shape: union('Shape', { circle: Circle, square: Square }),
  title: text(),
  content: bytes(),
  points: list(Point),
  matrix: list(list(f32())),
  remark: optional(text()),
});
export type Kinds = Infer<typeof Kinds>;

/** Rows 0, 1, .. to be emitted: `count` of them, each with a text of `textBytes` and after a pause. */
const Burst = struct('Burst', {
  count: u32(),
  textBytes: u32({ default: 0 }),
  pauseMicroseconds: u32({ default: 0 }),
  /** Ends with `failCode` once so many rows are out; 0: never. */
  failAfter: u32({ default: 0 }),
  failCode: i32({ default: 1 }),
  /** Goes on emitting after it was told to stop. */
  ignoreCancel: bool({ default: false }),
  tag: u32({ default: 0 }),
});
const Row = struct('Row', { number: u32(), tag: u32(), pid: u32(), name: text() });
/** Of all bursts of this instance. */
const Bursts = struct('Bursts', { begun: u32(), ended: u32(), rows: u64(), lastError: i32() });
const Size = struct('Size', { bytes: u32() });
const Remark = struct('Remark', { text: text() });
/** To be answered after a while. */
const Question = struct('Question', { microseconds: u32({ default: 0 }), text: text({ default: '' }) });
/** For whom a call was, as its handler was told; with the question's text, and who answers. */
const Told = struct('Told', {
  subject: optional(text()),
  tenant: optional(text()),
  scopes: optional(text()),
  method: optional(text()),
  text: text(),
  pid: u32(),
});

export const probe = service(
  'probe',
  {
    echo: call({ input: Everything, output: Everything, idempotent: true }),
    double: call({ input: Number64, output: Number64 }),
    blob: call({ input: Blob, output: Blob }),
    ping: call({ idempotent: true }),
    // Adds to a number that the instance keeps; `total` tells it. What was executed how often can so be seen.
    add: call({ input: Number64 }),
    total: call({ output: Number64 }),
    sleep: call({ input: Pause, output: Identity }),
    idempotentSleep: call({ input: Pause, output: Identity, idempotent: true }),
    // Adds 1 to the total and returns `code` as it is: the handler's own, or an ISTH_E_ error.
    status: call({ input: Code, output: Identity }),
    refuse: call({ input: Code }),
    badEnum: call({ output: Everything }),
    badSize: call({ output: Everything }),
    notANumber: call({ output: Everything }),
    context: call({ output: Context }),
    crash: call({}),
    idempotentCrash: call({ idempotent: true }),
    kinds: call({ input: Kinds, output: Kinds, idempotent: true }),
    // The points in the opposite order, each made anew.
    reverse: call({ input: Points, output: Points }),
    flip: call({ input: bytes(), output: bytes() }),
    // So many bytes, counted in the total.
    fill: call({ input: Size, output: bytes() }),
    burst: call({ input: Burst, output: Row, replies: 'many', idempotent: true }),
    burstOnce: call({ input: Burst, output: Row, replies: 'many' }),
    bursts: call({ output: Bursts }),
    // The input in pieces of 1,000 bytes.
    pieces: call({ input: bytes(), output: bytes(), replies: 'many' }),
    nothings: call({ replies: 'many' }),
    // Answered by another thread.
    later: call({ input: Pause, output: Identity }),
    // `note` adds to the total, `remark` adds the length of its text.
    note: call({ input: Number64, replies: 'none' }),
    remark: call({ input: Remark, replies: 'none' }),
    protobuf: call({ input: Kinds, output: Kinds, codec: 'protobuf' }),
    msgpack: call({ input: Kinds, output: Kinds, codec: 'msgpack' }),
    json: call({ input: Kinds, output: Kinds, codec: 'json' }),
    // The input three times.
    thrice: call({ input: Points, output: Points, replies: 'many', codec: 'json' }),
    // For whom the call is, by calls of every kind; `callers` says so twice, `noteCaller` leaves it for `notedCaller`.
    caller: call({ input: Question, output: Told, idempotent: true }),
    callers: call({ input: Question, output: Told, replies: 'many' }),
    callerLater: call({ input: Question, output: Told }),
    noteCaller: call({ input: Question, replies: 'none' }),
    notedCaller: call({ output: Told }),
  },
  { errors: ['tooHot', 'tooCold'] },
);
