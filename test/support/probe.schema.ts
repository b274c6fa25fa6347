/** A service with a method for everything that can happen to a call. Its C half is probe.c beside this file. */
import {
  bool,
  call,
  enumeration,
  f32,
  f64,
  type Infer,
  i8,
  i16,
  i32,
  i64,
  service,
  struct,
  text,
  u8,
  u16,
  u32,
  u64,
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
  },
  { errors: ['tooHot', 'tooCold'] },
);
