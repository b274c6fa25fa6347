import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesText, Footnotes, table, timeText } from '../../benchmarks/harness/markdown.ts';
import { plotLines } from '../../benchmarks/harness/plot.ts';
import { plotBars } from '../../benchmarks/harness/plot-bars.ts';

test('a table is as wide as its widest cells', () => {
  assert.equal(
    table(['a', 'much'], [['1', '2'], ['wide one']]),
    ['| a        | much |', '|----------|------|', '| 1        | 2    |', '| wide one |      |'].join('\n'),
  );
});

test('the same remark is said once', () => {
  const notes = new Footnotes();
  assert.deepEqual([notes.mark('one'), notes.mark('two'), notes.mark('one')], ['[1]', '[2]', '[1]']);
  assert.equal(notes.lines, '1. one\n2. two');
});

test('sizes and times are written in the unit that fits', () => {
  assert.deepEqual([64, 1024, 65_536, 2 ** 24].map(bytesText), ['64 B', '1 KiB', '64 KiB', '16 MiB']);
  assert.deepEqual([0.5, 187.4, 1234, 5_678_900, 2e9, Number.NaN].map(timeText), [
    ...['0.5 ns', '187 ns', '1.23 us', '5.68 ms'],
    ...['2 s', '-'],
  ]);
});

test('bars end at their medians, on an axis of powers of ten', () => {
  const bar = (name: string, median: number) => ({ name, kind: 'peer', spread: { low: median, median, high: median } });
  const svg = plotBars({
    title: 'Costs & more',
    xLabel: 'ns',
    from: 'tenfold',
    kinds: ['peer'],
    valueText: String,
    bars: [bar('a<b', 10), bar('c', 1000), bar('d', 100)],
  });
  const ends = [...svg.matchAll(/class="fill0" d="M150 \d+H([\d.]+)V/g)].map(([, end]) => Number(end));
  const [low = 0, high = 0, middle = 0] = ends;
  assert.equal(ends.length, 3);
  // To the tenth of a pixel that places are written with.
  assert.ok(Math.abs(middle - (low + high) / 2) <= 0.1, String(ends));
  assert.match(svg, /Costs &amp; more/);
  assert.match(svg, /a&lt;b/);
  const none = { title: 'none', xLabel: '', from: 'tenfold', kinds: [], valueText: String, bars: [] } as const;
  assert.throws(() => plotBars(none), /nothing to draw/);
});

test('bars that begin at zero are as long as their values, and a kind has its colour wherever it is drawn', () => {
  const bar = (kind: string, median: number) => ({ name: kind, kind, spread: { low: median, median, high: median } });
  const svg = plotBars({
    title: 'Rates',
    xLabel: 'a second',
    from: 'zero',
    kinds: ['ours', 'absent', 'theirs'],
    valueText: String,
    bars: [bar('theirs', 10), bar('ours', 20)],
  });
  const ends = [...svg.matchAll(/class="(fill\d)" d="M150 \d+H([\d.]+)V/g)].map(([, fill, end]) => [
    fill,
    Number(end) - 150,
  ]);
  assert.deepEqual(
    ends.map(([fill]) => fill),
    ['fill2', 'fill0'],
  );
  assert.ok(Math.abs(2 * Number(ends[0]?.[1]) - Number(ends[1]?.[1])) <= 0.2, String(ends));
  assert.doesNotMatch(svg, /absent/);
});

test('lines on a logarithmic axis are where their powers of ten are', () => {
  const plot = { title: 't', xLabel: 'x', yLabel: 'y', logX: true, logY: true, xText: (x: number) => `${x} B` };
  const points: [number, number][] = [
    [1, 1],
    [10, 10],
    [100, 100],
  ];
  const svg = plotLines({ ...plot, series: [{ name: 's', points }] });
  const [, path = ''] = /class="line line0" d="M([^"]*L[^"]*)"/.exec(svg) ?? [];
  const places = path.split('L').map((place) => place.split(' ').map(Number));
  const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = places;
  assert.ok(Math.abs(x1 - (x0 + x2) / 2) <= 0.1 && Math.abs(y1 - (y0 + y2) / 2) <= 0.1, path);
  assert.match(svg, />100 B</);
});
