import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from '../../src/supervisor/lines.ts';

test('however the bytes are cut into chunks, the lines are the same', () => {
  const bytes = fc
    .uint8Array({ maxLength: 200 })
    .map((array) => Buffer.from(array.map((byte) => (byte % 7 === 0 ? 10 : byte))));
  fc.assert(
    fc.property(
      bytes,
      fc.array(fc.nat(200), { maxLength: 10 }),
      fc.integer({ min: 1, max: 40 }),
      (input, cuts, maxBytes) => {
        const expected = input.toString('latin1').split('\n');
        if (expected.at(-1) === '') expected.pop();
        const splitter = new LineSplitter(maxBytes);
        const places = [0, ...cuts.map((cut) => Math.min(cut, input.length)).sort((a, b) => a - b), input.length];
        const lines = places.slice(1).flatMap((place, index) => splitter.push(input.subarray(places[index], place)));
        const found = [...lines, ...splitter.end()];
        assert.deepEqual(
          found.map((line) => line.bytes.toString('latin1')),
          expected.map((line) => line.slice(0, maxBytes)),
        );
        assert.deepEqual(
          found.map((line) => line.truncated),
          expected.map((line) => line.length > maxBytes),
        );
      },
    ),
  );
});

test('a line that spans chunks survives the reuse of their memory', () => {
  const splitter = new LineSplitter(100);
  const memory = Buffer.from('abc');
  splitter.push(memory);
  memory.write('xyz');
  assert.equal(splitter.push(Buffer.from('def\n'))[0]?.bytes.toString(), 'abcdef');
});
