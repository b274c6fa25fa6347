/** Payloads that grow, and calls in flight: contestants of the hop section as they are, at other points. */
import { join } from 'node:path';
import { bytesText, timeText } from '../../harness/markdown.ts';
import { missingPrograms } from '../../harness/toolchains.ts';
import { clientArguments } from '../../hop/command-line.ts';
import type { Contestant, Run } from '../../hop/contestant.ts';
import { isthmus } from '../../hop/contestants/isthmus.ts';
import { measure } from '../../hop/measure.ts';
import { isthmusServer } from '../../hop/programs.ts';
import type { Series } from '../series.ts';
import { countText, memoryText } from '../texts.ts';

const mib = 2 ** 20;
const socketOf = ({ folder }: Run): string => join(folder, 'echo.sock');

/** The defaults but for the rings, which are as large as the payload needs: a record takes at most half of one. */
const adaptive = isthmus.find(({ name }) => name === 'adaptive');

/** As many calls as are wanted: over more than one channel where one has no room for them. */
const manyCalls: Contestant = {
  name: 'in flight',
  kind: 'isthmus',
  what: 'calls of 64 bytes',
  missing: () => missingPrograms('cc'),
  build: () => void isthmusServer(),
  server: (run) => ({ program: isthmusServer(), args: [socketOf(run), 'adaptive', String(run.bytes)] }),
  client: (run) => ({
    program: process.execPath,
    args: [join(import.meta.dirname, '../programs/in-flight.ts'), ...clientArguments(run), socketOf(run)],
  }),
};

export const payload: Series = {
  name: 'payload',
  what: 'An echo from Node, one at a time, by its bytes',
  axis: 'bytes',
  xText: bytesText,
  points: { whole: [8, 64, 512, 4096, 32_768, 262_144, 2 * mib, 16 * mib, 64 * mib], quick: [64, 2 * mib] },
  ms: { whole: 250, quick: 100 },
  measures: [
    { name: 'ns', what: 'time', text: timeText, linear: 1 },
    { name: 'p99Ns', what: 'p99', text: timeText },
    { name: 'cpuNs', what: 'CPU of both sides', text: timeText, linear: 1 },
    { name: 'bytesPerSecond', what: 'there and back', text: (value) => `${memoryText(value)}/s` },
    { name: 'clientBytes', what: 'memory of the client', text: memoryText, linear: 1 },
  ],
  missing: () => missingPrograms('cc'),
  build: () => void isthmusServer(),
  measure: async (bytes, ms, where) => {
    if (adaptive === undefined) throw new Error('the hop section has no contestant "adaptive"');
    const figures = await measure(adaptive, { bytes, inFlight: 1 }, ms, where);
    const { ns, p99Ns, clientCpuNs, serverCpuNs, clientBytes } = figures;
    return { ns, p99Ns, cpuNs: clientCpuNs + serverCpuNs, bytesPerSecond: (2 * bytes * 1e9) / ns, clientBytes };
  },
};

export const inFlight: Series = {
  name: 'in flight',
  what: 'Calls of 64 bytes in flight from one Node process',
  axis: 'calls',
  xText: countText,
  points: { whole: [1, 10, 100, 1000, 10_000, 100_000], quick: [1, 10_000] },
  ms: { whole: 500, quick: 200 },
  measures: [
    { name: 'ns', what: 'time a call', text: timeText, linear: 0 },
    { name: 'p50Ns', what: 'p50, from its start to its reply', text: timeText, linear: 1 },
    { name: 'p99Ns', what: 'p99', text: timeText },
    { name: 'cpuNs', what: 'CPU of both sides a call', text: timeText, linear: 0 },
    { name: 'clientBytes', what: 'memory of the client', text: memoryText, linear: 1 },
  ],
  missing: manyCalls.missing,
  build: () => void isthmusServer(),
  measure: async (calls, ms, where) => {
    const { ns, p50Ns, p99Ns, clientCpuNs, serverCpuNs, clientBytes } = await measure(
      manyCalls,
      { bytes: 64, inFlight: calls },
      ms,
      where,
    );
    return { ns, p50Ns, p99Ns, cpuNs: clientCpuNs + serverCpuNs, clientBytes };
  },
};
