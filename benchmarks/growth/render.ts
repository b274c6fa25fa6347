/** The growth section's tables and plots, from its figures alone. */
import { type FigureReader, figureReader } from '../harness/figures.ts';
import { Footnotes, table } from '../harness/markdown.ts';
import { type PlotSeries, plotLines } from '../harness/plot.ts';
import type { Rendered, SectionResult } from '../harness/results.ts';
import { digits, ratiosOf, spreadOf } from '../harness/spread.ts';
import { everySeries } from './every-series.ts';
import { growthOf, type Sample, type Step } from './growth.ts';
import type { Measure, Series } from './series.ts';

/** What a measurement has to say while the benchmark runs. */
export function outcomeText(name: string, values: Readonly<Record<string, number | undefined>>): string {
  const measures = everySeries.find((series) => series.name === name)?.measures ?? [];
  return measures.map(({ name: measure, what, text }) => `${what} ${text(values[measure] ?? Number.NaN)}`).join(', ');
}

export function renderGrowth(result: SectionResult): Rendered {
  const read = figureReader(result);
  const plots: Record<string, string> = {};
  const parts = everySeries.flatMap((series) => {
    const xs = xsOf(series, read);
    if (xs.length === 0) return [];
    const judged = series.measures.filter(({ linear }) => linear !== undefined);
    const grown = judged.filter((measure) => samplesOf(series, measure, xs, read).length > 1);
    const picture = `growth-${series.name.replaceAll(' ', '-')}.svg`;
    if (grown.length > 0) plots[picture] = plot(series, grown, xs, read);
    return [
      `### ${series.what}`,
      ...(grown.length > 0 ? [`![growth with ${series.axis}](${picture})`] : []),
      pointTable(series, xs, read, result),
      ...(grown.length > 0 ? [growthTable(series, grown, xs, read, result.rounds)] : []),
    ];
  });
  return { markdown: parts.join('\n\n'), plots };
}

function xsOf({ name, axis }: Series, read: FigureReader): number[] {
  return read
    .places()
    .filter((at) => at[axis] !== undefined && read.contestants(at).includes(name))
    .map((at) => Number(at[axis]))
    .sort((a, b) => a - b);
}

/** Those where there is something to compare: a zero has no logarithm. */
function samplesOf(series: Series, { name }: Measure, xs: readonly number[], read: FigureReader): Sample[] {
  return xs
    .map((x) => ({ x, rounds: read.rounds(series.name, name, { [series.axis]: x }) }))
    .map(({ x, rounds }) => ({ x, rounds: rounds.map((value) => (value === 0 ? null : value)) }))
    .filter(({ rounds }) => rounds.some((value) => value !== null));
}

function pointTable(series: Series, xs: readonly number[], read: FigureReader, result: SectionResult): string {
  const notes = new Footnotes();
  const rows = xs.map((x) => [
    series.xText(x),
    ...series.measures.map(({ name, text }) => {
      const { low, median, high } = spreadOf(read.rounds(series.name, name, { [series.axis]: x }));
      return Number.isNaN(median) ? '-' : `${text(median)} (${text(low)} to ${text(high)})`;
    }),
  ]);
  const absent = [...result.gaps, ...result.failures].flatMap(({ contestant, at, why }) => {
    const x = at?.[series.axis];
    if (contestant !== series.name || x === undefined || xs.includes(Number(x))) return [];
    return [[`${series.xText(Number(x))} ${notes.mark(why)}`, ...series.measures.map(() => '-')]];
  });
  const head = [series.axis, ...series.measures.map(({ what }) => what)];
  return [table(head, [...rows, ...absent]), notes.lines].filter((part) => part !== '').join('\n\n');
}

function growthTable(
  series: Series,
  judged: readonly Measure[],
  xs: readonly number[],
  read: FigureReader,
  rounds: number,
): string {
  const rows = judged.map((measure) => {
    const linear = measure.linear ?? 1;
    const { steps, whole, worse } = growthOf(samplesOf(series, measure, xs, read), linear);
    const stepText = ({ from, to }: Step): string => `${series.xText(from)} to ${series.xText(to)}`;
    return [
      measure.what,
      steps.map(({ exponent }) => exponentText(exponent.median)).join(', '),
      whole === undefined ? '-' : exponentText(whole.exponent.median),
      String(linear),
      // With one round nobody knows what is noise.
      rounds === 1 ? 'not judged' : worse === undefined ? 'at most linear' : `worse from ${stepText(worse)}`,
    ];
  });
  return table(['exponent of', 'from each point to the next', 'first to last', 'linear', 'in all'], rows);
}

/** Each measure in relation to its first point, and what grows as the axis does. */
function plot(series: Series, measures: readonly Measure[], xs: readonly number[], read: FigureReader): string {
  const lines = measures.map((measure): PlotSeries => {
    const [first, ...others] = samplesOf(series, measure, xs, read);
    const start: [number, number][] = first === undefined ? [] : [[first.x, 1]];
    const rest = others.map(({ x, rounds }): [number, number] => [
      x,
      spreadOf(ratiosOf(rounds, first?.rounds ?? [])).median,
    ]);
    return { name: measure.what, points: [...start, ...rest.filter(([, ratio]) => Number.isFinite(ratio))] };
  });
  const [low = 1, high = 1] = [xs[0], xs.at(-1)];
  const linear: readonly (readonly [number, number])[] = [
    [low, 1],
    [high, high / low],
  ];
  return plotLines({
    title: series.what,
    description: `How much more each costs than at the first point; the dashed line grows as ${series.axis} do.`,
    xLabel: series.axis,
    yLabel: 'times the first point',
    xText: (x) => series.xText(x),
    logX: true,
    logY: true,
    series: [...lines, { name: 'linear', points: linear, dashed: true }],
  });
}

function exponentText(exponent: number): string {
  return Number.isNaN(exponent) ? '-' : digits(Number(exponent.toFixed(2)));
}
