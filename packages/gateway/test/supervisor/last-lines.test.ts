import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LastLines } from '../../src/supervisor/last-lines.ts';

test('keeps the most of the last lines that fits, in their order', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 12 });
  const limits = { maxLines: 4, maxBytes: 24 };
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (given) => {
      const last = new LastLines(limits);
      for (const text of given) last.push(text);
      const fitting = given.filter((text) => Buffer.byteLength(text) <= limits.maxBytes);
      const { lines } = last;
      assert.deepEqual(lines, fitting.slice(fitting.length - lines.length));
      const bytesOf = (texts: readonly string[]) => Buffer.byteLength(texts.join(''));
      assert.ok(lines.length <= limits.maxLines && bytesOf(lines) <= limits.maxBytes);
      // One more would have been too many.
      const more = fitting.slice(-lines.length - 1);
      if (more.length > lines.length) assert.ok(more.length > limits.maxLines || bytesOf(more) > limits.maxBytes);
    }),
  );
});

test('twenty lines and 16 KiB, unless told otherwise', () => {
  const last = new LastLines();
  for (let line = 1; line <= 30; line += 1) last.push(String(line));
  assert.equal(last.lines.length, 20);
  last.push('x'.repeat(16 * 1024));
  assert.deepEqual(last.lines, ['x'.repeat(16 * 1024)]);
});
