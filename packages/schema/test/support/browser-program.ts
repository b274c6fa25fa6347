/** A program that uses the package as a page would. It runs in Node and in a browser, and must say the same in both. */
import {
  bytes,
  call,
  codecOf,
  decimal,
  enumeration,
  f64,
  flags,
  generateHeader,
  IsthmusError,
  i64,
  jsonSchemaOf,
  list,
  optional,
  service,
  struct,
  text,
  timestamp,
  u32,
  union,
} from '../../src/index.ts';

const Row = struct('Row', { name: text(), price: decimal(2, { min: '0' }), size: u32({ endian: 'big' }) });
const Circle = struct('Circle', { radius: f64({ min: 0 }) });
const Order = struct('Order', {
  id: i64(),
  side: enumeration('Side', ['buy', 'sell']),
  access: flags('Access', ['read', 'write'], { bits: 64 }),
  at: timestamp(),
  key: bytes(4),
  note: optional(text(8)),
  shape: union('Shape', { circle: Circle }),
  rows: list(Row),
});

export function program(): unknown {
  const schema = service('orders', { put: call({ input: Order, output: Row }) });
  const codec = codecOf(Order);
  const memory = { bytes: new Uint8Array(512), view: new DataView(new ArrayBuffer(0)) };
  memory.view = new DataView(memory.bytes.buffer);
  const size = codec.encode(
    {
      id: -(2n ** 62n),
      side: 'sell',
      access: ['write'],
      at: 1_700_000_000_123_456_789n,
      key: new Uint8Array([1, 2, 3, 255]),
      note: 'né ☃',
      shape: { kind: 'circle', radius: 0.1 },
      rows: [
        { name: 'a'.repeat(40), price: '12.5', size: 7 },
        { name: '', price: '0.01', size: 2 ** 31 },
      ],
    },
    memory,
    0,
  );
  const json = codec.decodeJson(memory, 0, size);
  const again = codec.encodeJson(json, memory, 0);
  return {
    hash: [...schema.hash],
    text: schema.text,
    header: generateHeader(schema),
    jsonSchema: JSON.stringify(jsonSchemaOf(Order)),
    sizes: [size, again],
    bytes: [...memory.bytes.subarray(0, again)],
    json: JSON.stringify(json),
    jsonText: codec.decodeJsonText(memory, 0, size),
    radius: codec.view(memory, 0, size).shape.radius,
    decoded: codec.decode(memory, 0, size).id.toString(),
    refusal: refusal(() => codec.encodeJson({ ...Object(json), rows: [{ name: 1 }] }, memory, 0)),
  };
}

function refusal(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error instanceof IsthmusError ? [error.code, error.fields] : String(error);
  }
}
