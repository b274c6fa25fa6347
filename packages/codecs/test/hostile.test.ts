/** Messages made to harm: whatever the bytes, there is a value that fits the schema, or an IsthmusError that says why not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Codec, type CodecName, f64, IsthmusError, list, optional, struct, text, u8 } from '@isthmus/schema';
import fc from 'fast-check';
import { anyStruct, anyStructWithValue } from '../../schema/test/support/arbitrary.ts';
import { memoryWith } from '../../schema/test/support/memory.ts';
import { payloadCodec } from '../src/index.ts';
import { decoded, encoded } from './support/forms.ts';

const formats: readonly Exclude<CodecName, 'struct'>[] = ['protobuf', 'msgpack', 'json'];

/** What is read of hostile bytes fits the schema: it can be written again, and is then read as the same. */
function surviving(codec: Codec<unknown>, message: Uint8Array): 'read' | 'refused' {
  let read: ReturnType<typeof decoded>;
  try {
    read = decoded(codec, message);
  } catch (error) {
    assert.ok(error instanceof IsthmusError, String(error));
    assert.ok(['MALFORMED_MESSAGE', 'HANDLER_FAULT'].includes(error.code), error.message);
    return 'refused';
  }
  assert.deepEqual(decoded(codec, encoded(codec, read.value)).value, read.value);
  return 'read';
}

interface Change {
  readonly at: number;
  readonly kind: 'set' | 'flip' | 'cut' | 'insert' | 'double';
  readonly byte: number;
}

const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    kind: fc.constantFrom('set', 'flip', 'cut', 'insert', 'double'),
    byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x00, 0x7f, 0x80, 0xff, 0xc1, 0xdd, 0x22, 0x7b)),
  }),
  { minLength: 1, maxLength: 4 },
);

function changed(message: Uint8Array, given: readonly Change[]): Uint8Array {
  let bytes = [...message];
  for (const { at, kind, byte } of given) {
    const index = Math.floor(at * bytes.length);
    const old = bytes[index] ?? 0;
    if (kind === 'set') bytes[index] = byte;
    else if (kind === 'flip') bytes[index] = old ^ (1 << (byte & 7));
    else if (kind === 'cut') bytes = bytes.slice(0, index);
    else if (kind === 'insert') bytes.splice(index, 0, byte);
    else bytes.splice(index, 0, ...bytes.slice(index, index + (byte & 31)));
  }
  return new Uint8Array(bytes);
}

for (const name of formats) {
  test(`${name}: right messages, changed`, () => {
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(anyStructWithValue(), fc.array(changes, { minLength: 10, maxLength: 20 }), ([type, value], many) => {
        const codec = payloadCodec(name, type);
        const message = encoded(codec, value);
        for (const each of many) outcomes[surviving(codec, changed(message, each))]++;
      }),
    );
    assert.ok(outcomes.read > 0 && outcomes.refused > 200, JSON.stringify(outcomes));
  });

  test(`${name}: random bytes`, () => {
    fc.assert(
      fc.property(anyStruct(), fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 20 }), (type, messages) => {
        const codec = payloadCodec(name, type);
        for (const message of messages) surviving(codec, message);
      }),
    );
  });
}

/** Bytes of memory that reading takes, and how it ends. */
function cost(codec: Codec<unknown>, message: Uint8Array): { readonly code: string; readonly bytes: number } {
  const memory = memoryWith(message);
  const before = process.memoryUsage();
  let code = 'none';
  try {
    codec.decode(memory, 0, message.length);
  } catch (error) {
    assert.ok(error instanceof IsthmusError, String(error));
    code = error.code;
  }
  const after = process.memoryUsage();
  return { code, bytes: after.rss - before.rss };
}

test('a header that claims 4 billion elements reserves nothing', () => {
  const codec = payloadCodec('msgpack', struct('S', { x: list(f64()) }));
  for (const header of ['ddffffffff', 'dfffffffff', 'dd03ffffff', 'c6ffffffff', 'dbffffffff']) {
    const { code, bytes } = cost(codec, new Uint8Array(Buffer.from(`81a178${header}00`, 'hex')));
    assert.equal(code, 'MALFORMED_MESSAGE');
    assert.ok(bytes < 2 ** 27, `${header} took ${bytes} bytes`);
  }
  const protobuf = payloadCodec('protobuf', struct('S', { x: list(f64()) }));
  assert.equal(cost(protobuf, new Uint8Array(Buffer.from('0af8ffffff0f00', 'hex'))).code, 'MALFORMED_MESSAGE');
});

test('two bytes that stand for a large struct each are cut off early', () => {
  const fields = Array.from({ length: 500 }, (_, index) => [`f${index}`, f64({ default: 0 })]);
  const Wide = struct('Wide', Object.fromEntries(fields));
  const type = struct('S', { rows: list(Wide) });
  const count = 10_000;
  const messages = {
    protobuf: Buffer.from('0a00'.repeat(count), 'hex'),
    msgpack: Buffer.from(
      `81a4${Buffer.from('rows').toString('hex')}dd${count.toString(16).padStart(8, '0')}${'80'.repeat(count)}`,
      'hex',
    ),
    json: Buffer.from(`{"rows":[${Array(count).fill('{}').join(',')}]}`),
  };
  for (const name of formats) {
    const { code, bytes } = cost(payloadCodec(name, type), new Uint8Array(messages[name]));
    assert.equal(code, 'MALFORMED_MESSAGE', name);
    assert.ok(bytes < 2 ** 28, `${name} took ${bytes} bytes`);
  }
});

test('what is nested without end ends', () => {
  const type = struct('S', { x: optional(text()), y: optional(u8()) });
  const messages = {
    protobuf: Buffer.from('1b'.repeat(100_000), 'hex'),
    msgpack: Buffer.from(`81a178${'91'.repeat(100_000)}`, 'hex'),
    json: Buffer.from(`{"x":${'[{"x":'.repeat(100_000)}`),
  };
  for (const name of formats) assert.equal(cost(payloadCodec(name, type), messages[name]).code, 'MALFORMED_MESSAGE');
});
