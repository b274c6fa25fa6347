/** The HTTP section's tables and plots, from its figures alone. */
import { type FigureReader, figureReader } from '../harness/figures.ts';
import { table, timeText } from '../harness/markdown.ts';
import { plotLines } from '../harness/plot.ts';
import { plotBars } from '../harness/plot-bars.ts';
import type { Place, Rendered, SectionResult } from '../harness/results.ts';
import { digits, ratiosOf, spreadOf, spreadText } from '../harness/spread.ts';

/** As fast as the server answers. */
export const closed: Place = { load: 'closed' };
/** At a fixed rate: so many percent of the gateway's own in the closed loop. */
export const open = (percent: number): Place => ({ load: 'open', percent });

/** What the others are compared with. */
const reference = 'gateway';

export function placeText({ load, percent }: Place): string {
  return load === 'closed' ? 'as fast as it answers' : `at ${percent} % of the gateway's rate`;
}

/** What a measurement has to say while the benchmark runs. */
export function outcomeText(values: Readonly<Record<string, number | undefined>>): string {
  const { requestsPerSecond, ratePerSecond, p99Ns = Number.NaN } = values;
  return `${digits(requestsPerSecond ?? ratePerSecond ?? Number.NaN)} requests/s, p99 ${timeText(p99Ns)}`;
}

export function renderHttp(result: SectionResult): Rendered {
  const read = figureReader(result);
  const rates = read.places().filter(({ load }) => load === 'open');
  const plots = { ...ratePlot(result, read), ...tailPlot(read, rates) };
  const pictures = Object.keys(plots).map((name) => `![${name.replace('.svg', '')}](${name})`);
  const parts = [
    ...pictures,
    `### 64 connections, as fast as they are answered\n\n${closedTable(result, read)}`,
    ...rates.map((at) => `### At ${ratePart(read, at)}\n\n${openTable(read, at)}`),
  ];
  return { markdown: parts.join('\n\n'), plots };
}

function closedTable(result: SectionResult, read: FigureReader): string {
  const gateway = read.rounds(reference, 'requestsPerSecond', closed);
  const rows = result.contestants.flatMap(({ name }) => {
    const rate = read.rounds(name, 'requestsPerSecond', closed);
    if (rate.length === 0) return [];
    const median = (measure: string): number => spreadOf(read.rounds(name, measure, closed)).median;
    return [
      [
        name,
        spreadText(spreadOf(rate)),
        spreadText(spreadOf(ratiosOf(gateway, rate))),
        digits(median('requestsPerCpuSecond')),
        timeText(median('p50Ns')),
        timeText(median('p99Ns')),
        timeText(median('p999Ns')),
      ],
    ];
  });
  const head = ['contestant', 'requests/s', 'the gateway to it', 'requests a CPU second', 'p50', 'p99', 'p99.9'];
  return table(head, rows);
}

function openTable(read: FigureReader, at: Place): string {
  const rows = read.contestants(at).map((name) => {
    const spread = (measure: string) => spreadOf(read.rounds(name, measure, at));
    const time = (measure: string): string => {
      const { low, median, high } = spread(measure);
      return `${timeText(median)} (${timeText(low)} to ${timeText(high)})`;
    };
    return [name, time('p50Ns'), time('p99Ns'), time('p999Ns'), `${digits(spread('unanswered').median * 100)} %`];
  });
  return table(['contestant', 'p50', 'p99', 'p99.9', 'unanswered'], rows);
}

/** `50 % of the gateway's rate: 5,000 requests/s` */
function ratePart(read: FigureReader, at: Place): string {
  const [first = ''] = read.contestants(at);
  const rate = spreadOf(read.rounds(first, 'ratePerSecond', at)).median;
  return `${at.percent} % of the gateway's rate: ${digits(rate)} requests/s`;
}

function ratePlot(result: SectionResult, read: FigureReader): Readonly<Record<string, string>> {
  const bars = result.contestants
    .map(({ name, kind }) => ({ name, kind, spread: spreadOf(read.rounds(name, 'requestsPerSecond', closed)) }))
    .filter(({ spread }) => !Number.isNaN(spread.median))
    .toSorted((a, b) => b.spread.median - a.spread.median);
  if (bars.length === 0) return {};
  const svg = plotBars({
    title: 'Requests a second of one CPU, 64 connections',
    xLabel: 'requests a second, and their spread over the rounds',
    from: 'zero',
    kinds: ['isthmus', 'peer', 'in process', 'framework'],
    valueText: digits,
    bars,
  });
  return { 'http-requests.svg': svg };
}

function tailPlot(read: FigureReader, rates: readonly Place[]): Readonly<Record<string, string>> {
  const names = [...new Set(rates.flatMap((at) => read.contestants(at)))];
  const series = names
    .map((name) => ({
      name,
      points: rates.flatMap((at): [number, number][] => {
        const { median } = spreadOf(read.rounds(name, 'p99Ns', at));
        const rate = spreadOf(read.rounds(name, 'ratePerSecond', at)).median;
        return Number.isNaN(median) ? [] : [[rate, median / 1e6]];
      }),
    }))
    .filter(({ points }) => points.length > 1);
  if (series.length === 0) return {};
  const svg = plotLines({
    title: 'The 99th percentile at a fixed rate',
    xLabel: 'requests a second',
    yLabel: 'ms from when a request was due',
    logY: true,
    series,
  });
  return { 'http-tail.svg': svg };
}
