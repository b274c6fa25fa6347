/** Draws lines as an SVG that a page in light or in dark can show. */
import { at, escaped, frameOf, style } from './svg.ts';

export interface PlotSeries {
  readonly name: string;
  /** By x, ascending. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Drawn with dashes: a bound, or what is compared with. */
  readonly dashed?: boolean;
}

export interface Plot {
  readonly title: string;
  /** What it shows, for those who cannot see it. Default: the title. */
  readonly description?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Each doubling of x as far from the last as the one before. Default: false. */
  readonly logX?: boolean;
  /** Each tenfold of y as far from the last as the one before; the axis then begins at a power of ten. Default: false. */
  readonly logY?: boolean;
  /** How a value of x is written. Default: as a number. */
  xText?(x: number): string;
  readonly series: readonly PlotSeries[];
}

const width = 880;
const height = 380;
const frame = { left: 80, right: 24, top: 64, bottom: 56 };
/** How many labels an axis has at least. */
const leastTicks = 5;

/** The plot as an SVG document. The y axis begins at 0 unless it is logarithmic. */
export function plotLines(plot: Plot): string {
  const points = plot.series.flatMap((series) => series.points);
  if (points.length === 0) throw new Error(`${plot.title}: there is nothing to draw`);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const isLogY = plot.logY ?? false;
  const yTicks = isLogY ? decades(Math.min(...ys), Math.max(...ys)) : ticksTo(Math.max(...ys));
  const toX = scale(Math.min(...xs), Math.max(...xs), frame.left, width - frame.right, plot.logX ?? false);
  const toY = scale(yTicks[0] ?? 0, yTicks.at(-1) ?? 1, height - frame.bottom, frame.top, isLogY);
  const xTicks = plot.logX === true ? [...new Set(xs)].sort((a, b) => a - b) : ticksTo(Math.max(...xs));
  const xText = plot.xText ?? label;
  const bottom = height - frame.bottom;
  return [
    ...frameOf(width, height, plot.title, plot.description ?? plot.title),
    style(plot.series.length),
    ...plot.series.map((series, index) => legend(series, index, plot.series.length)),
    ...yTicks.map(
      (y) =>
        `  <path class="grid" d="M${frame.left} ${at(toY(y))}H${width - frame.right}"/><text class="small y" x="${frame.left - 8}" y="${at(toY(y) + 4)}">${label(y)}</text>`,
    ),
    ...xTicks
      .filter((x) => x >= Math.min(...xs))
      .map(
        (x) =>
          `  <path class="grid" d="M${at(toX(x))} ${bottom}v5"/><text class="small" x="${at(toX(x))}" y="${bottom + 20}">${escaped(xText(x))}</text>`,
      ),
    `  <text x="${(frame.left + width - frame.right) / 2}" y="${height - 12}">${escaped(plot.xLabel)}</text>`,
    `  <text transform="translate(18 ${(frame.top + bottom) / 2}) rotate(-90)">${escaped(plot.yLabel)}</text>`,
    ...plot.series.map((series, index) => line(series, index, toX, toY)),
    '</svg>\n',
  ].join('\n');
}

function legend({ name, dashed }: PlotSeries, index: number, count: number): string {
  const x = frame.left + (index * (width - frame.left - frame.right)) / count;
  return `  <path class="${classOf(index, dashed)}" d="M${at(x)} 40h24"/><text class="small name" x="${at(x + 30)}" y="44">${escaped(name)}</text>`;
}

function line(
  { points, dashed }: PlotSeries,
  index: number,
  toX: (x: number) => number,
  toY: (y: number) => number,
): string {
  const path = points.map(([x, y]) => `${at(toX(x))} ${at(toY(y))}`).join('L');
  return `  <path class="${classOf(index, dashed)}" d="M${path}"/>`;
}

function classOf(index: number, dashed = false): string {
  return `line line${index}${dashed ? ' dashed' : ''}`;
}

/** From numbers between `low` and `high` to places between `from` and `to`. */
function scale(low: number, high: number, from: number, to: number, isLog: boolean): (value: number) => number {
  const of = isLog ? Math.log : (value: number) => value;
  const span = of(high) - of(low);
  return (value) => from + (span === 0 ? 0 : ((of(value) - of(low)) / span) * (to - from));
}

/** The powers of ten from the one below `low` to the one above `high`. */
export function decades(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.max(first + 1, Math.ceil(Math.log10(high)));
  return Array.from({ length: last - first + 1 }, (_, index) => Number(`1e${first + index}`));
}

/** From 0 to `highest` or a little beyond, in steps of 1, 2 or 5 times a power of ten. */
export function ticksTo(highest: number): number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / leastTicks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power >= 5 ? 5 : rough / power >= 2 ? 2 : 1);
  const count = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

function label(value: number): string {
  return String(Number(value.toPrecision(4))).replace(/\B(?<!\.\d*)(?=(\d{3})+$)/g, ',');
}
