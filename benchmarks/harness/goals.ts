/** The figures to reach, each a ratio within a round, or a figure that stands for itself. */
import { figureReader } from './figures.ts';
import { table } from './markdown.ts';
import type { Place, Results } from './results.ts';
import { digits, type Rounds, ratiosOf, type Spread, spreadOf, spreadText } from './spread.ts';

/** A figure of a run. */
interface Reference {
  readonly section: string;
  readonly contestant: string;
  readonly measure: string;
  readonly at: Place;
}

export interface Goal {
  readonly what: string;
  readonly of: Reference;
  /** What it is divided by, round by round. Undefined: nothing. */
  readonly to?: Reference;
  /** What the ratio is multiplied by. Default: 1. */
  readonly times?: number;
  /** What is to be reached, in `unit`. Undefined: the figure is only to be known. */
  readonly bound?: { readonly atMost: number } | { readonly atLeast: number };
  /** What follows the number: `L`, `%`. Default: nothing. */
  readonly unit?: string;
}

const hop = (contestant: string, at: Place, measure = 'ns'): Reference => ({ section: 'hop', contestant, measure, at });
const http = (contestant: string): Reference => ({
  section: 'http',
  contestant,
  measure: 'requestsPerSecond',
  at: { load: 'closed' },
});
const one: Place = { bytes: 64, inFlight: 1 };
const many: Place = { bytes: 64, inFlight: 1024 };
const mib: Place = { bytes: 2 ** 20, inFlight: 1 };
const idle: Place = { channels: 64 };
const L = hop('L', one);

function ahead(of: string): Goal {
  return { what: `C to C, to ${of}`, of: hop('C to C', one), to: hop(of, one), bound: { atMost: 1 } };
}

function faster(what: string, slow: string, contestant: string, atLeast: number): Goal {
  return { what, of: hop(slow, one), to: hop(contestant, one), bound: { atLeast }, unit: ' times' };
}

export const goals: readonly Goal[] = [
  { what: 'C to C, 64 B, polling', of: hop('C to C', one), to: L, bound: { atMost: 1.8 }, unit: ' L' },
  ahead('iceoryx2'),
  ahead('Aeron IPC'),
  ahead('shmipc-rs'),
  { what: 'Node `sync`, 64 B', of: hop('sync', one), to: L, bound: { atMost: 2.2 }, unit: ' L' },
  { what: 'Node awaited one at a time, polling', of: hop('spin', one), to: L, bound: { atMost: 5.5 }, unit: ' L' },
  {
    what: '`adaptive` one at a time, to polling',
    of: hop('adaptive', one),
    to: hop('spin', one),
    bound: { atMost: 1.2 },
  },
  { what: 'Node, 1,024 in flight, a call', of: hop('spin', many), to: L, bound: { atMost: 2.3 }, unit: ' L' },
  {
    what: '`adaptive` with 1,024 in flight, to polling',
    of: hop('adaptive', many),
    to: hop('spin', many),
    bound: { atMost: 1.2 },
  },
  // A MiB goes there and a MiB comes back: twice what memcpy moves.
  {
    what: "1 MiB echo from C, of memcpy's bandwidth",
    of: hop('memcpy', mib),
    to: hop('C to C', mib),
    times: 2,
    bound: { atLeast: 0.5 },
  },
  {
    what: '1 MiB echo from C, its reply borrowed',
    of: hop('memcpy', mib),
    to: hop('C to C (borrow)', mib),
    times: 2,
    bound: { atLeast: 0.5 },
  },
  {
    what: "1 MiB echo from Node, of memcpy's bandwidth",
    of: hop('memcpy', mib),
    to: hop('spin', mib),
    times: 2,
    bound: { atLeast: 0.5 },
  },
  {
    what: '1 MiB echo from Node, its reply borrowed',
    of: hop('memcpy', mib),
    to: hop('borrow', mib),
    times: 2,
    bound: { atLeast: 0.5 },
  },
  // Asleep while it waits: the client's CPU time is what the call costs it, the reply's size included.
  {
    what: 'zero-copy read of 1 MiB, client CPU, to one of 64 B',
    of: hop('read', mib, 'clientCpuNs'),
    to: hop('read', one, 'clientCpuNs'),
    bound: { atMost: 1.2 },
  },
  faster('a Unix socket, to polling', 'Unix socket', 'spin', 12),
  faster('a Unix socket, to `sync`', 'Unix socket', 'sync', 30),
  faster('a Unix socket, to blocking', 'Unix socket', 'block', 1.3),
  faster('grpc-js, to polling', 'grpc-js', 'spin', 50),
  {
    what: 'gateway, to itself with the handler in process',
    of: http('gateway'),
    to: http('gateway in process'),
    bound: { atLeast: 0.97 },
  },
  {
    what: 'the same, where both sides wait `block`',
    of: http('gateway block'),
    to: http('gateway in process'),
    bound: { atLeast: 0.97 },
  },
  {
    what: 'gateway, to a lean Fastify app with the handler in process',
    of: http('gateway'),
    to: http('Fastify in process'),
    bound: { atLeast: 0.97 },
  },
  {
    what: 'gateway, to Fastify to gRPC',
    of: http('gateway'),
    to: http('Fastify to gRPC'),
    bound: { atLeast: 3 },
    unit: ' times',
  },
  { what: 'gateway, to Gin with shared memory', of: http('gateway'), to: http('Gin shared memory') },
  {
    what: 'idle CPU of a client of 64 `adaptive` channels',
    of: hop('adaptive', idle, 'clientCpuShare'),
    times: 100,
    bound: { atMost: 0.2 },
    unit: ' %',
  },
  {
    what: 'idle CPU of their service',
    of: hop('adaptive', idle, 'serverCpuShare'),
    times: 100,
    bound: { atMost: 0.2 },
    unit: ' %',
  },
  {
    what: 'memory of a channel until used',
    of: hop('adaptive', idle, 'channelBytes'),
    times: 1 / 1024,
    bound: { atMost: 256 },
    unit: ' KiB',
  },
];

export interface Verdict {
  readonly goal: Goal;
  readonly spread: Spread;
  /** Undefined where there is no bound. */
  readonly isReached: boolean | undefined;
}

/** Those goals whose figures the run has. */
export function judge(results: Pick<Results, 'sections'>, all: readonly Goal[] = goals): Verdict[] {
  return all.flatMap((goal) => {
    const spread = spreadOf(roundsOf(goal, results));
    if (Number.isNaN(spread.median)) return [];
    return [{ goal, spread, isReached: isReached(goal, spread.median) }];
  });
}

export function goalTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ goal, spread, isReached }) => {
    const unit = goal.unit ?? '';
    return [goal.what, boundText(goal), spreadText(spread, unit), verdictText(goal, spread.median, isReached)];
  });
  return table(['what', 'goal', 'measured, and its spread over the rounds', 'reached'], rows);
}

function roundsOf({ of, to, times = 1 }: Goal, results: Pick<Results, 'sections'>): Rounds {
  const above = lookUp(of, results);
  const ratios = to === undefined ? above : ratiosOf(above, lookUp(to, results));
  return ratios.map((ratio) => (ratio === null ? null : ratio * times));
}

function lookUp({ section, contestant, measure, at }: Reference, { sections }: Pick<Results, 'sections'>): Rounds {
  const result = sections[section];
  return result === undefined ? [] : figureReader(result).rounds(contestant, measure, at);
}

function isReached({ bound }: Goal, median: number): boolean | undefined {
  if (bound === undefined) return undefined;
  return 'atMost' in bound ? median <= bound.atMost : median >= bound.atLeast;
}

function boundText({ bound, unit = '' }: Goal): string {
  if (bound === undefined) return '';
  return 'atMost' in bound ? `<= ${bound.atMost}${unit}` : `>= ${bound.atLeast}${unit}`;
}

/** How far a miss is: `missed by 12 %`. */
function verdictText({ bound }: Goal, median: number, isReached: boolean | undefined): string {
  if (bound === undefined || isReached === undefined) return '';
  if (isReached) return 'yes';
  const off = 'atMost' in bound ? median / bound.atMost - 1 : 1 - median / bound.atLeast;
  return `missed by ${digits(off * 100)} %`;
}
