import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maxRowBytes, type Row, readRows } from '../../src/batch/rows.ts';

async function rowsOf(...chunks: readonly (string | Uint8Array)[]): Promise<Row[]> {
  async function* stream() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const rows: Row[] = [];
  for await (const batch of readRows(stream())) rows.push(...batch);
  return rows;
}

test('any JSON values, however the bytes arrive, come out as rows numbered from 1', async () => {
  const values = fc.array(fc.jsonValue(), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(values, fc.integer({ min: 1, max: 50 }), fc.boolean(), async (given, size, ended) => {
      const text = given.map((value) => JSON.stringify(value)).join('\n') + (ended && given.length > 0 ? '\n' : '');
      const bytes = Buffer.from(text);
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const rows = await rowsOf(...chunks);
      const expected = given.map((value, index) => ({ line: index + 1, value: JSON.parse(JSON.stringify(value)) }));
      assert.deepEqual(
        rows.map(({ line, value }) => ({ line, value })),
        expected,
      );
    }),
  );
});

test('a line that is no row is an error of that line, and the others go on', async () => {
  const rows = await rowsOf('{"a":1}\n', '{oops\n', '\n', new Uint8Array([0x22, 0xff, 0x22, 0x0a]), '2\n');
  assert.deepEqual(
    rows.map(({ line, error }) => [line, error?.code]),
    [
      [1, undefined],
      [2, 'MALFORMED_BODY'],
      [3, 'MALFORMED_BODY'],
      [4, 'MALFORMED_BODY'],
      [5, undefined],
    ],
  );
  assert.match(rows[3]?.error?.detail ?? '', /UTF-8/);
});

test('line feeds only end lines: carriage returns and U+2028 do not, and a byte order mark is skipped', async () => {
  const rows = await rowsOf('\uFEFF1\r\n"a\u2028b"\r\n');
  assert.deepEqual(
    rows.map(({ value }) => value),
    [1, 'a\u2028b'],
  );
});

test('a line over the limit is refused without keeping it', async () => {
  const [long, after] = await rowsOf('"', 'x'.repeat(maxRowBytes), '"\n', '1\n');
  assert.match(long?.error?.detail ?? '', /longer than 1048576 bytes/);
  assert.equal(after?.value, 1);
});
