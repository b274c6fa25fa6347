import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Taken } from '../../src/codec/reader.ts';
import { codecOf, list, struct, text, u8 } from '../../src/index.ts';
import { anyStructWithValue } from '../support/arbitrary.ts';
import { memoryOf, memoryWith } from '../support/memory.ts';
import { messageOf, valueIn } from '../support/messages.ts';
import { rearranged } from '../support/rearranged.ts';

test('tails may lie in any order, and apart', () => {
  fc.assert(
    fc.property(anyStructWithValue(), fc.infiniteStream(fc.nat(1000)), ([type, value], stream) => {
      const codec = codecOf(type);
      if (codec.isFixed) return;
      const message = messageOf(codec, value);
      const other = rearranged(type, message, () => Number(stream.next().value));
      assert.deepEqual(valueIn(codec, other), value);
      for (const form of ['decodeJson', 'decodeJsonText'] as const) {
        assert.deepEqual(valueIn(codec, other, form), valueIn(codec, message, form));
      }
      assert.equal(JSON.stringify(valueIn(codec, other, 'view')), valueIn(codec, message, 'decodeJsonText'));
    }),
    { numRuns: 500 },
  );
});

test('bytes are taken once', () => {
  const spans = fc.array(fc.tuple(fc.nat(200), fc.nat(70)), { maxLength: 12 });
  fc.assert(
    fc.property(spans, (given) => {
      const taken = new Taken(300);
      const seen = new Set<number>();
      for (const [begin, size] of given) {
        const bytes = Array.from({ length: size }, (_, index) => begin + index);
        const isFree = bytes.every((byte) => !seen.has(byte));
        assert.equal(taken.take(begin, begin + size), isFree);
        if (!isFree) return;
        for (const byte of bytes) seen.add(byte);
      }
    }),
    { numRuns: 1000 },
  );
});

test('spans that all point to the same bytes do not make the work grow', () => {
  // Each level multiplies what the one below is, if nothing stops it.
  const Leaf = struct('Leaf', { note: text() });
  const codec = codecOf(struct('Bomb', { rows: list(list(list(Leaf))) }));
  const count = 20_000;
  const rows = 8;
  const lists = rows + 8 * count;
  const leaves = lists + 8 * count;
  const notes = leaves + 8 * count;
  const memory = memoryOf(notes + 100_000);
  memory.bytes.fill(0x41, notes);
  memory.bytes[memory.bytes.length - 1] = 0;
  const span = (at: number, offset: number, length: number) => {
    memory.view.setUint32(at, offset, true);
    memory.view.setUint32(at + 4, length, true);
  };
  span(0, rows, count);
  for (let index = 0; index < count; index++) {
    span(rows + 8 * index, lists, count);
    span(lists + 8 * index, leaves, count);
    span(leaves + 8 * index, notes, 99_999);
  }
  const begin = performance.now();
  for (const form of ['decode', 'decodeJson', 'decodeJsonText'] as const) {
    assert.throws(() => codec[form](memory, 0, memory.bytes.length), {
      code: 'MALFORMED_MESSAGE',
      detail: 'field /rows/0/0/1/note overlaps another tail',
    });
  }
  const view = codec.view(memory, 0, memory.bytes.length);
  assert.throws(() => view.rows, { code: 'MALFORMED_MESSAGE' });
  // Seconds would be hours.
  assert.ok(performance.now() - begin < 60_000);
});

test('what changes while it is read does not lead out of the message', () => {
  // Another program writes while this one reads: every read of a word may give another value.
  const codec = codecOf(struct('Page', { rows: list(struct('Row', { name: text(), data: list(u8()) })) }));
  const message = messageOf(codec, { rows: Array.from({ length: 4 }, () => ({ name: 'abc', data: [1, 2] })) });
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat(300)), (stream) => {
      const memory = memoryWith(message);
      const fickle = new Proxy(memory.view, {
        get: (target, key) => {
          if (key !== 'getUint32') return Reflect.get(target, key).bind(target);
          return (at: number) => {
            assert.ok(at >= 0 && at + 4 <= message.length);
            return Number(stream.next().value) % 3 === 0 ? Number(stream.next().value) : target.getUint32(at, true);
          };
        },
      });
      try {
        codec.decode({ bytes: memory.bytes, view: fickle }, 0, message.length);
      } catch (error) {
        assert.match(String(Reflect.get(error as object, 'code')), /^(HANDLER_FAULT|MALFORMED_MESSAGE)$/);
      }
    }),
    { numRuns: 1000 },
  );
});
