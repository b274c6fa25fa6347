import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { table } from '../src/table.ts';

test('columns are as wide as what is in them, and lines end with it', () => {
  const rows = [
    { name: 'boiler', bytes: 4096 },
    { name: '', bytes: 7 },
    { name: 'a much longer name', bytes: 123_456 },
  ];
  const text = table(
    [
      { heading: 'NAME', cell: ({ name }) => name },
      { heading: 'BYTES', cell: ({ bytes }) => String(bytes), alignsRight: true },
      { heading: 'NOTE', cell: ({ bytes }) => (bytes > 9999 ? 'large' : '') },
    ],
    rows,
  );
  assert.equal(
    text,
    `NAME                 BYTES  NOTE
boiler                4096
                         7
a much longer name  123456  large
`,
  );
});

test('without rows there are the headings', () => {
  assert.equal(table([{ heading: 'NAME', cell: String }], []), 'NAME\n');
});

test('whatever the cells, a column begins at the same place in each line, and no line ends with spaces', () => {
  const cell = fc.stringMatching(/^[a-z]{0,12}$/);
  const anyRows = fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
  fc.assert(
    fc.property(anyRows, (rows) => {
      const columns = (rows[0] ?? []).map((_, at) => ({
        heading: `COLUMN${at}`,
        cell: (row: readonly string[]) => row[at] ?? '',
      }));
      const [heading = '', ...lines] = table(columns, rows).split('\n').slice(0, -1);
      const starts = columns.map(({ heading: name }) => heading.indexOf(name));
      const cells = lines.map((line) => starts.map((start, at) => line.slice(start, starts[at + 1]).trimEnd()));
      assert.deepEqual(cells, rows);
      for (const line of lines) assert.equal(line, line.trimEnd());
    }),
  );
});
