import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { readText, writeText } from '../../src/codec/text.ts';
import { textSource, Workspace } from '../support/c.ts';

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
  workspace.compile('cc', ['-std=c11', sanitize, '-o', 'valid', workspace.write('valid.c', program), textSource]);
  const verdicts = execFileSync(`${workspace.folder}/valid`, {
    input: Buffer.concat(cases),
    maxBuffer: 2 ** 24,
  }).toString();
  assert.equal(verdicts.length, cases.length);
  for (const [index, bytes] of cases.entries()) {
    assert.equal(verdicts[index] === '1', readText(bytes, 0, 5) !== undefined, Buffer.from(bytes).toString('hex'));
  }
});
