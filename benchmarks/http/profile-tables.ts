/** A CPU profile of V8 as tables. */
import { table } from '../harness/markdown.ts';
import { digits } from '../harness/spread.ts';

/** As much of the format as is used: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
export interface Profile {
  readonly nodes: readonly ProfileNode[];
  /** Of each sample, the id of the node that ran. */
  readonly samples: readonly number[];
  /** Microseconds from one sample to the next; the first from the beginning. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** A server under load, for as long as it was. */
export interface Recorded {
  readonly name: string;
  readonly profile: Profile;
  /** How many requests were answered. */
  readonly requests: number;
  /** How long that took, in ms: only the last part of the profile counts. */
  readonly ms: number;
  /** CPU time of its process, and of those that it has started, in ns. */
  readonly ownNs: number;
  readonly startedNs: number;
}

/** How many functions are listed. */
const listed = 15;

/** The first that fits. What V8 samples while it runs no function of JavaScript has no address. */
const categories: readonly (readonly [string, (frame: CallFrame) => boolean])[] = [
  ['in `epoll_wait`: asleep, or looking', ({ functionName }) => functionName === '(idle)'],
  ['garbage collector', ({ functionName }) => functionName === '(garbage collector)'],
  ['native code below the event loop', ({ functionName }) => functionName === '(program)'],
  ['gateway', ({ url }) => url.includes('/packages/gateway/')],
  ['client of the service (core, codecs, schema)', ({ url }) => /\/packages\/(core|codecs|schema|native)\//.test(url)],
  ['Node: HTTP, streams, events', ({ url }) => url.startsWith('node:')],
  ['Fastify and its parts', ({ url }) => url.includes('/node_modules/')],
  ['the server program', ({ url }) => url !== ''],
  ['native functions called from JavaScript', () => true],
];

/** Self time by category, side by side, in microseconds a request; and what the scheduler has counted. */
export function categoryTable(all: readonly Recorded[]): string {
  const sums = all.map((recorded) => {
    const category = (frame: CallFrame): string => categories.find(([, fits]) => fits(frame))?.[0] ?? '';
    return { recorded, us: sumBy(recorded, category) };
  });
  const rows = categories.map(([name]) => [
    name,
    ...sums.map(({ recorded, us }) => digits((us.get(name) ?? 0) / recorded.requests)),
  ]);
  const cpu = (what: string, ns: (recorded: Recorded) => number): string[] => [
    what,
    ...all.map((recorded) => digits(ns(recorded) / 1000 / recorded.requests)),
  ];
  return table(
    ['us a request', ...all.map(({ name }) => name)],
    [
      ...rows,
      cpu('CPU time of the Node process', ({ ownNs }) => ownNs),
      cpu('CPU time of what it has started', ({ startedNs }) => startedNs),
    ],
  );
}

/** The functions with the most self time. */
export function functionTable(recorded: Recorded): string {
  const sums = [...sumBy(recorded, functionText)].toSorted(([, a], [, b]) => b - a);
  const total = sums.reduce((sum, [, us]) => sum + us, 0);
  const rows = sums
    .slice(0, listed)
    .map(([name, us]) => [name, digits(us / recorded.requests), `${digits((us / total) * 100)} %`]);
  return table([recorded.name, 'us a request', 'part'], rows);
}

/** By node, in us. */
function selfTimes({ samples, timeDeltas }: Profile, lastUs: number): Map<number, number> {
  const found = new Map<number, number>();
  let left = lastUs;
  for (let index = samples.length - 1; index >= 0 && left > 0; index--) {
    const node = samples[index];
    // A sample stands for the time until the next one.
    const us = timeDeltas[index + 1] ?? 0;
    if (node === undefined) continue;
    found.set(node, (found.get(node) ?? 0) + us);
    left -= us;
  }
  return found;
}

function sumBy({ profile, ms }: Recorded, keyOf: (frame: CallFrame) => string): Map<string, number> {
  const selfUs = selfTimes(profile, ms * 1000);
  const sums = new Map<string, number>();
  for (const { id, callFrame } of profile.nodes) {
    const us = selfUs.get(id);
    if (us === undefined) continue;
    const key = keyOf(callFrame);
    sums.set(key, (sums.get(key) ?? 0) + us);
  }
  return sums;
}

/** `handleCall (call-handler.ts:31)` */
function functionText({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return `\`${name}\``;
  return `\`${name}\` (${url.split('/').at(-1)}:${lineNumber + 1})`;
}
