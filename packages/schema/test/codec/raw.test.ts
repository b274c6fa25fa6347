import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytes, rawCodec } from '../../src/index.ts';
import { memoryOf } from '../support/memory.ts';
import { messageOf, valueIn } from '../support/messages.ts';
import { refusals } from '../support/refusals.ts';

test('bytes as they are, in all forms', () => {
  const codec = rawCodec(bytes());
  assert.deepEqual([codec.size, codec.isFixed], [0, false]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (value) => {
      const coded = Buffer.from(value).toString('base64');
      assert.deepEqual(messageOf(codec, value), value);
      assert.deepEqual(messageOf(codec, coded, 'encodeJson'), value);
      assert.deepEqual(valueIn(codec, value), value);
      assert.deepEqual(valueIn(codec, value, 'view'), value);
      assert.equal(valueIn(codec, value, 'decodeJson'), coded);
      assert.equal(valueIn(codec, value, 'decodeJsonText'), JSON.stringify(coded));
    }),
  );
});

test('decoding copies, and a view does not', () => {
  const codec = rawCodec(bytes());
  const memory = memoryOf(8);
  const copy = codec.decode(memory, 2, 4);
  const view = codec.view(memory, 2, 4);
  memory.bytes.fill(1);
  assert.deepEqual([...copy], [0xaa, 0xaa, 0xaa, 0xaa]);
  assert.deepEqual([...view], [1, 1, 1, 1]);
});

test('no more than max, and nothing but bytes', () => {
  const codec = rawCodec(bytes({ max: 3 }));
  const memory = memoryOf(16);
  for (const bad of [new Uint8Array(4), new Uint16Array(1), [1], 'AQ==', null, undefined, {}]) {
    assert.deepEqual(
      refusals(() => codec.encode(bad as never, memory, 0)),
      [' must be a Uint8Array of at most 3 bytes'],
    );
  }
  for (const bad of ['AQIDBA==', 'AQ', 'AR==', new Uint8Array(1), null, undefined, {}]) {
    assert.deepEqual(
      refusals(() => codec.encodeJson(bad, memory, 0)),
      [' must be bytes in base64 of at most 3 bytes'],
    );
  }
  for (const read of [codec.decode, codec.decodeJson, codec.decodeJsonText, codec.view]) {
    assert.throws(() => read(memory, 0, 4), {
      code: 'HANDLER_FAULT',
      detail: 'the message has 4 bytes, and 3 is the most',
    });
    assert.throws(() => read(memory, 14, 3), RangeError);
    assert.throws(() => read(memory, -1, 3), RangeError);
  }
});

test('what does not fit is measured, and not written', () => {
  const codec = rawCodec(bytes());
  const memory = memoryOf(5);
  assert.equal(codec.encode(new Uint8Array(4), memory, 2), 4);
  assert.equal(codec.encodeJson('AAAAAA==', memory, 2), 4);
  assert.deepEqual([...memory.bytes], Array(5).fill(0xaa));
  assert.throws(() => codec.encode(new Uint8Array(1), memory, -1), RangeError);
});
