import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isText,
  jsonText,
  NO_ROOM,
  NOT_TEXT,
  readText,
  readUtf8,
  utf8Length,
  writeText,
  writeUtf8,
} from '../../src/codec/text.ts';
import { messageSources, Workspace } from '../support/c.ts';

const units = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
);

test('what is written is read, and all bytes up to the capacity are written', () => {
  fc.assert(
    fc.property(units, fc.integer({ min: 1, max: 90 }), (value, capacity) => {
      const bytes = new Uint8Array(capacity + 3).fill(0xaa);
      const length = Buffer.byteLength(value);
      const fits = length <= capacity && !value.includes('\0') && value.isWellFormed();
      assert.equal(writeText(bytes, 1, capacity, value), fits);
      assert.deepEqual([bytes[0], bytes[capacity + 2]], [0xaa, 0xaa]);
      if (!fits) return;
      assert.equal(readText(bytes, 1, capacity), value);
      assert.ok(bytes.subarray(1 + length, capacity + 2).every((byte) => byte === 0));
    }),
    { numRuns: 1000 },
  );
});

test('text without a fixed size: as many bytes as it takes, and not one behind its end', () => {
  fc.assert(
    fc.property(units, fc.integer({ min: 0, max: 90 }), (value, room) => {
      const bytes = new Uint8Array(room + 2).fill(0xaa);
      const length = Buffer.byteLength(value);
      const isGood = !value.includes('\0') && value.isWellFormed();
      assert.equal(isText(value), isGood);
      const expected = isGood ? (length <= room ? length : NO_ROOM) : NOT_TEXT;
      assert.equal(writeUtf8(bytes, 1, 1 + room, value), expected);
      assert.deepEqual([bytes[0], bytes[room + 1]], [0xaa, 0xaa]);
      if (isGood) assert.equal(utf8Length(value), length);
      if (expected >= 0) assert.equal(readUtf8(bytes, 1, 1 + length), value);
    }),
    { numRuns: 1000 },
  );
});

test('bytes are text if Buffer writes them as they are, and none of them is a NUL', () => {
  const nearly = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.tuple(units, fc.nat(), fc.nat(255)).map(([value, index, byte]) => {
      const bytes = Buffer.from(value.toWellFormed());
      if (bytes.length > 0) bytes[index % bytes.length] = byte;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(nearly, (bytes) => {
      const text = Buffer.from(bytes).toString();
      const isGood = Buffer.from(text).equals(bytes) && !bytes.includes(0);
      assert.equal(readUtf8(bytes, 0, bytes.length), isGood ? text : undefined);
    }),
    { numRuns: 1000 },
  );
});

test('text that is longer than what is copied at once', () => {
  for (const value of ['x'.repeat(5000), `${'é'.repeat(3000)}!`]) {
    const bytes = new TextEncoder().encode(value);
    assert.equal(readUtf8(bytes, 0, bytes.length), value);
    // Without its first byte: text still, if that was a whole character.
    assert.equal(readUtf8(bytes, 1, bytes.length), value.startsWith('x') ? value.slice(1) : undefined);
  }
});

test('the JSON form of text is what JSON.stringify makes of it', () => {
  fc.assert(
    fc.property(units, fc.constantFrom('', '"', '\\', '\n', '\u007f', '\u2028'), (value, more) => {
      const text = (value + more).toWellFormed();
      assert.equal(jsonText(text), JSON.stringify(text));
    }),
    { numRuns: 1000 },
  );
});

test('TypeScript and C agree on which bytes are text', () => {
  // Near the borders of RFC 3629: every pair of a first and a second byte, with enough continuation bytes or one too few.
  const cases: Uint8Array[] = [];
  for (let first = 0; first < 256; first++) {
    for (const second of [0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]) {
      for (const tail of [[], [0x80], [0xbf, 0x80], [0x80, 0x80, 0x80]]) {
        const bytes = new Uint8Array(6);
        bytes.set([first, second, ...tail].slice(0, 6));
        cases.push(bytes, Uint8Array.of(0x61, ...bytes.subarray(0, 5)));
      }
    }
  }
  using workspace = new Workspace();
  const program = `#include <isthmus/types.h>
#include <stdio.h>
int main(void) {
  char text[6];
  while (fread(text, sizeof(text), 1, stdin) == 1) fputc(isth_text_valid(text, sizeof(text)) ? '1' : '0', stdout);
  return 0;
}
`;
  const sanitize = '-fsanitize=address,undefined';
  workspace.compile('cc', [
    '-std=c11',
    sanitize,
    '-o',
    'valid',
    workspace.write('valid.c', program),
    ...messageSources,
  ]);
  const verdicts = execFileSync(`${workspace.folder}/valid`, {
    input: Buffer.concat(cases),
    maxBuffer: 2 ** 24,
  }).toString();
  assert.equal(verdicts.length, cases.length);
  for (const [index, bytes] of cases.entries()) {
    assert.equal(verdicts[index] === '1', readText(bytes, 0, 5) !== undefined, Buffer.from(bytes).toString('hex'));
  }
});
