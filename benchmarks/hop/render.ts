/** The hop section's tables and plots, from its figures alone. */
import { type FigureReader, figureReader } from '../harness/figures.ts';
import { bytesText, Footnotes, table, timeText } from '../harness/markdown.ts';
import { plotLines } from '../harness/plot.ts';
import { type Bar, plotBars } from '../harness/plot-bars.ts';
import type { Gap, Place, Rendered, SectionResult } from '../harness/results.ts';
import { digits, ratiosOf, type Spread, spreadOf } from '../harness/spread.ts';
import { idleChannels, idleGateway, idleGatewayName } from './idle.ts';

/** Those whose cost by size is drawn: more lines than that could not be told apart. */
const drawnBySize = ['memcpy', 'C to C', 'sync', 'spin', 'Unix socket', 'grpc-js', 'ZeroMQ'];
const oneLine: Place = { bytes: 64, inFlight: 1 };

/** `64 B, 1,024 in flight` */
export function placeText({ bytes, inFlight, ...others }: Place): string {
  const known = [
    ...(typeof bytes === 'number' ? [bytesText(bytes)] : []),
    ...(inFlight === undefined ? [] : [inFlight === 1 ? 'one at a time' : `${count(Number(inFlight))} in flight`]),
  ];
  return [...known, ...Object.entries(others).map(([name, value]) => `${value} ${name}`)].join(', ');
}

/** What a measurement has to say while the benchmark runs. */
export function outcomeText(values: Readonly<Record<string, number | undefined>>): string {
  if (values.ns !== undefined) return `${timeText(values.ns)} a call`;
  return Object.entries(values)
    .map(([name, value]) => `${name} ${digits(value ?? Number.NaN)}`)
    .join(', ');
}

export function renderHop(result: SectionResult): Rendered {
  const read = figureReader(result);
  const places = read.places().filter(({ bytes }) => bytes !== undefined);
  const plots = { ...latencyPlot(result, read), ...sizePlot(read, places) };
  const pictures = Object.keys(plots).map((name) => `![${name.replace('.svg', '')}](${name})`);
  const tables = places.map((at) => `### ${placeText(at)}\n\n${placeTable(result, read, at)}`);
  return { markdown: [...pictures, ...tables, idleTable(read)].filter((part) => part !== '').join('\n\n'), plots };
}

/** Every contestant at one size and depth; those that have no figure there with a dash, and why. */
function placeTable(result: SectionResult, read: FigureReader, at: Place): string {
  const notes = new Footnotes();
  const gaps = [...result.gaps, ...result.failures].filter((gap) => gap.at !== undefined && isAt(gap, at));
  const isSmall = at.bytes === oneLine.bytes;
  const line = read.rounds('L', 'ns', oneLine);
  const rows = result.contestants.flatMap(({ name }) => {
    const ns = read.rounds(name, 'ns', at);
    const gap = gaps.find(({ contestant }) => contestant === name);
    // What has nothing to say at this place is left out: L of a MiB.
    if (gap !== undefined) return kindOf(result, name) === 'limit' ? [] : [[`${name} ${notes.mark(gap.why)}`, '-']];
    if (ns.length === 0) return [];
    const time = (measure: string): string => timeText(spreadOf(read.rounds(name, measure, at)).median);
    const perCall = spreadOf(ns);
    return [
      [
        name,
        timesText(perCall),
        digits(1e9 / perCall.median),
        isSmall
          ? ratioText(spreadOf(ratiosOf(ns, line)))
          : bandwidthText(Number(at.bytes) * (kindOf(result, name) === 'limit' ? 1 : 2), perCall.median),
        time('p50Ns'),
        time('p99Ns'),
        time('p999Ns'),
        microseconds(spreadOf(read.rounds(name, 'clientCpuNs', at)).median),
        microseconds(spreadOf(read.rounds(name, 'serverCpuNs', at)).median),
      ],
    ];
  });
  const head = [
    'contestant',
    'a call',
    'calls/s',
    isSmall ? 'in L' : 'GB/s',
    'p50',
    'p99',
    'p99.9',
    'client CPU us',
    'server CPU us',
  ];
  return [table(head, rows), notes.lines].filter((part) => part !== '').join('\n\n');
}

function idleTable(read: FigureReader): string {
  const rows = read.contestants(idleChannels).map((name) => {
    const share = (measure: string): string =>
      `${digits(spreadOf(read.rounds(name, measure, idleChannels)).median * 100)} %`;
    const memory = spreadOf(read.rounds(name, 'channelBytes', idleChannels)).median;
    return [name, share('clientCpuShare'), share('serverCpuShare'), `${digits(memory / 1024)} KiB`];
  });
  const gateway = spreadOf(read.rounds(idleGatewayName, 'cpuShare', idleGateway)).median;
  const parts: string[] = [];
  if (rows.length > 0) {
    const head = ['contestant', 'client, of a core', 'service, of a core', 'memory of a channel that was not used'];
    parts.push(`### ${idleChannels.channels} channels that nobody uses\n\n${table(head, rows)}`);
  }
  if (!Number.isNaN(gateway)) {
    parts.push(`An idle gateway with two instances: ${digits(gateway * 100)} % of a core, all processes together.`);
  }
  return parts.join('\n\n');
}

function latencyPlot(result: SectionResult, read: FigureReader): Readonly<Record<string, string>> {
  const bars = result.contestants.flatMap(({ name, kind }): Bar[] => {
    const spread = spreadOf(read.rounds(name, 'ns', oneLine));
    return Number.isNaN(spread.median) ? [] : [{ name, kind, spread }];
  });
  if (bars.length === 0) return {};
  const title = 'A call of 64 bytes, one at a time';
  const sorted = bars.toSorted((a, b) => a.spread.median - b.spread.median);
  const svg = plotBars({
    title,
    valueText: timeText,
    xLabel: 'time of a call, and its spread over the rounds',
    from: 'tenfold',
    kinds: ['isthmus', 'peer', 'in process', 'native', 'limit'],
    bars: sorted,
  });
  return { 'hop-latency.svg': svg };
}

function sizePlot(read: FigureReader, places: readonly Place[]): Readonly<Record<string, string>> {
  const sizes = places.filter(({ inFlight }) => inFlight === 1);
  const series = drawnBySize.flatMap((name) => {
    const points = sizes.flatMap((at): [number, number][] => {
      const { median } = spreadOf(read.rounds(name, 'ns', at));
      return Number.isNaN(median) ? [] : [[Number(at.bytes), median / 1000]];
    });
    return points.length < 2 ? [] : [{ name, points, dashed: name === 'memcpy' }];
  });
  if (series.length === 0) return {};
  const svg = plotLines({
    title: 'A call, one at a time, by its size',
    xLabel: 'bytes there and back',
    yLabel: 'microseconds a call',
    xText: bytesText,
    logX: true,
    logY: true,
    series,
  });
  return { 'hop-sizes.svg': svg };
}

function isAt(gap: Gap, at: Place): boolean {
  return gap.at?.bytes === at.bytes && gap.at?.inFlight === at.inFlight;
}

function kindOf(result: SectionResult, name: string): string | undefined {
  return result.contestants.find((contestant) => contestant.name === name)?.kind;
}

function timesText({ low, median, high }: Spread): string {
  return `${timeText(median)} (${timeText(low)} to ${timeText(high)})`;
}

function ratioText({ median }: Spread): string {
  return Number.isNaN(median) ? '-' : digits(median);
}

/** Of an echo, what goes there and what comes back counts. */
function bandwidthText(bytes: number, ns: number): string {
  return digits(bytes / ns);
}

function microseconds(ns: number): string {
  return digits(ns / 1000);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
