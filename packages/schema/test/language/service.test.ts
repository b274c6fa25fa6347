import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  array,
  bytes,
  call,
  codecOf,
  decimal,
  duration,
  emptyCodec,
  enumeration,
  f32,
  f64,
  field,
  flags,
  isService,
  list,
  optional,
  service,
  struct,
  text,
  timestamp,
  u16,
  u32,
  union,
} from '../../src/index.ts';

const Box = struct('Box', { x: f64() });

test('methods get numbers, names and codecs in the order of declaration', () => {
  const schema = service('boxes', { put: call({ input: Box, idempotent: true }), get: call({ output: Box }) });
  const [put, get] = schema.methods;
  assert.equal(schema.calls.put, put);
  assert.deepEqual([put?.name, put?.id, put?.idempotent], ['put', 1, true]);
  assert.deepEqual([get?.name, get?.id, get?.idempotent], ['get', 2, false]);
  assert.equal(put?.inputCodec, codecOf(Box));
  assert.equal(put?.outputCodec, emptyCodec);
  assert.ok(isService(schema) && Object.isFrozen(schema) && Object.isFrozen(schema.methods));
  assert.ok(![undefined, null, {}, Box, 'service'].some(isService));
});

test('the text holds all that two sides must agree on, and its SHA-256 is the hash', () => {
  const Kind = enumeration('Kind', ['call', 'put'], { description: 'not in it' });
  const Request = struct('Request', {
    spot: f64({ min: 0, description: 'not in it' }),
    ratio: f32({ max: 0.5, default: 0.25 }),
    kind: field(Kind, { default: 'call' }),
    name: text(5, { default: 'a "b"' }),
    box: Box,
  });
  const schema = service(
    'pricing',
    { quote: call({ input: Request, output: Box, idempotent: true, description: 'not in it' }), ping: call() },
    { errors: ['negativeVolatility'], description: 'not in it' },
  );
  assert.equal(
    schema.text,
    `isthmus schema 1
service pricing
error 1 negativeVolatility
enum Kind
  0 call
  1 put
struct Box size 8 align 8
  0 x f64
struct Request size 32 align 8
  0 spot f64 min=0
  8 ratio f32 max=0.5 default=0.25
  12 kind Kind default="call"
  16 name text(5) default="a \\"b\\""
  24 box Box
method 1 quote Request -> Box idempotent
method 2 ping none -> none
`,
  );
  assert.deepEqual(Buffer.from(schema.hash), createHash('sha256').update(schema.text).digest());
});

test('the text of every kind of type and of call', () => {
  const Kind = enumeration('Kind', ['call', 'put'], { open: true });
  const Access = flags('Access', ['read', 'write'], { bits: 8, open: true });
  const Row = struct('Row', { name: text(), price: decimal(2, { min: '0', default: '1.5', unit: 'not in it' }) });
  const Packet = struct('Packet', { port: u16({ endian: 'big' }), raw: bytes(3) }, { packed: true, align: 4 });
  const Shape = union('Shape', { row: Row, packet: Packet });
  const All = struct('All', {
    kind: field(Kind, { description: 'not in it' }),
    access: field(Access, { default: ['write'] }),
    shape: Shape,
    grid: array(array(f64({ min: 0, unit: 'not in it' }), 2), 3),
    rows: list(Row, { max: 9, default: 'empty' }),
    prices: list(f64({ min: 0, max: 1 })),
    ports: list(u32({ endian: 'big' })),
    note: text({ max: 100, default: '' }),
    blob: bytes(),
    at: timestamp({ endian: 'big', min: 0n }),
    after: optional(duration({ max: 5n })),
  });
  const { text: canonical } = service('every', {
    one: call({ input: All, output: bytes({ max: 64 }) }),
    many: call({ input: Row, output: bytes(), replies: 'many', codec: 'protobuf' }),
    none: call({ input: Row, replies: 'none', codec: 'json' }),
  });
  assert.equal(
    canonical,
    `isthmus schema 1
service every
enum Kind open
  0 call
  1 put
flags Access bits 8 open
  0 read
  1 write
struct Row size 16 align 8
  0 name text
  8 price decimal(2) min=0 default=1.50
struct Packet size 8 align 4 packed
  0 port u16 big
  2 raw bytes(3)
union Shape size 24 align 8
  0 row Row
  1 packet Packet
struct All size 144 align 8
  0 kind Kind
  4 access Access default=["write"]
  8 shape Shape
  32 grid f64{min=0}[2][3]
  80 rows list<Row> max=9 default="empty"
  88 prices list<f64{min=0,max=1}>
  96 ports list<u32{big}>
  104 note text max=100 default=""
  112 blob bytes
  120 at timestamp big min=0
  136 after duration max=5 optional
method 1 one All -> bytes{max=64}
method 2 many Row -> bytes replies=many codec=protobuf
method 3 none Row -> none replies=none codec=json
`,
  );
});
