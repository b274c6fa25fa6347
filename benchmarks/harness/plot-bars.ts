/** Draws a bar for each contestant, as an SVG. */
import { decades, ticksTo } from './plot.ts';
import type { Spread } from './spread.ts';
import { at, escaped, frameOf, style } from './svg.ts';

export interface Bar {
  readonly name: string;
  /** Bars of the same kind have the same colour. */
  readonly kind: string;
  readonly spread: Spread;
}

export interface BarPlot {
  readonly title: string;
  /** What it shows, for those who cannot see it. Default: the title, and each bar's value. */
  readonly description?: string;
  readonly xLabel: string;
  /** Where the bars begin: at 0, or at a power of ten, with each tenfold as far as the one before. */
  readonly from: 'zero' | 'tenfold';
  /** The kinds in the order of their colours: in each plot the same has the same. */
  readonly kinds: readonly string[];
  /** A value as it is written. */
  valueText(value: number): string;
  readonly bars: readonly Bar[];
}

const width = 880;
const rowHeight = 24;
const frame = { left: 150, right: 110, top: 64, bottom: 52 };

/** The plot as an SVG document: each bar ends at its median, and a line shows its spread. */
export function plotBars({ title, description, xLabel, from, kinds, valueText, bars }: BarPlot): string {
  if (bars.length === 0) throw new Error(`${title}: there is nothing to draw`);
  const present = kinds.filter((kind) => bars.some((bar) => bar.kind === kind));
  const values = bars.flatMap(({ spread }) => [spread.low, spread.high]);
  const ticks = from === 'zero' ? ticksTo(Math.max(...values)) : decades(Math.min(...values), Math.max(...values));
  const [low = 1, high = 10] = [ticks[0], ticks.at(-1)];
  const partOf = (value: number): number =>
    from === 'zero' ? value / high : Math.log(value / low) / Math.log(high / low);
  const toX = (value: number): number => frame.left + partOf(value) * (width - frame.left - frame.right);
  const bottom = frame.top + bars.length * rowHeight;
  const height = bottom + frame.bottom;
  const spoken = bars.map(({ name, spread }) => `${name} ${valueText(spread.median)}`).join(', ');
  return [
    ...frameOf(width, height, title, description ?? `${title}: ${spoken}.`),
    style(kinds.length),
    ...present.map((kind, index) => legend(kind, kinds.indexOf(kind), index / present.length)),
    ...ticks.map(
      (value) =>
        `  <path class="grid" d="M${at(toX(value))} ${frame.top}V${bottom}"/><text class="small" x="${at(toX(value))}" y="${bottom + 18}">${escaped(valueText(value))}</text>`,
    ),
    ...bars.map((bar, row) => barOf(bar, kinds.indexOf(bar.kind), row, toX, valueText)),
    `  <text x="${(frame.left + width - frame.right) / 2}" y="${height - 10}">${escaped(xLabel)}</text>`,
    '</svg>\n',
  ].join('\n');
}

function barOf(
  { name, spread }: Bar,
  colour: number,
  row: number,
  toX: (value: number) => number,
  valueText: (value: number) => string,
): string {
  const y = frame.top + row * rowHeight;
  const middle = y + rowHeight / 2;
  const end = toX(spread.median);
  return [
    `  <text class="small y" x="${frame.left - 8}" y="${middle + 4}">${escaped(name)}</text>`,
    `<path class="fill${colour}" d="M${frame.left} ${y + 4}H${at(end)}V${y + rowHeight - 4}H${frame.left}Z"/>`,
    `<path class="spread" d="M${at(toX(spread.low))} ${middle}H${at(toX(spread.high))}"/>`,
    `<text class="small name" x="${at(Math.max(end, toX(spread.high)) + 6)}" y="${middle + 4}">${escaped(valueText(spread.median))}</text>`,
  ].join('');
}

/** `part`: how far to the right, of the whole width. */
function legend(kind: string, colour: number, part: number): string {
  const x = frame.left + part * (width - frame.left - frame.right);
  return `  <path class="fill${colour}" d="M${at(x)} 34h16v12h-16Z"/><text class="small name" x="${at(x + 22)}" y="44">${escaped(kind)}</text>`;
}
