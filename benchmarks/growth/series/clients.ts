/** Programs in C that call one service all the time, each over a channel of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { timeText } from '../../harness/markdown.ts';
import { Program } from '../../harness/processes.ts';
import { missingPrograms } from '../../harness/toolchains.ts';
import { clientArguments } from '../../hop/command-line.ts';
import { measuredOf } from '../../hop/measure.ts';
import { isthmusClient, isthmusServer } from '../../hop/programs.ts';
import { patienceMs, type Series, type Where } from '../series.ts';
import { countText, memoryText } from '../texts.ts';

const bytes = 64;
const ringBytes = 2 ** 20;
/** All clients share a CPU: one that polls would only keep the others from running. */
const wait = 'block';

export const clients: Series = {
  name: 'clients',
  what: 'Clients in C of one service, each with one call at a time',
  axis: 'clients',
  xText: countText,
  points: { whole: [1, 2, 4, 8, 16, 32, 64], quick: [1, 16] },
  ms: { whole: 1500, quick: 500 },
  measures: [
    { name: 'callsPerSecond', what: 'calls/s in all', text: (value) => countText(Math.round(value)) },
    { name: 'p99Ns', what: 'p99 of the worst off', text: timeText },
    { name: 'serverCpuNs', what: "the service's CPU a call", text: timeText, linear: 0 },
    { name: 'clientCpuNs', what: "a client's CPU a call", text: timeText, linear: 0 },
    { name: 'serverBytes', what: 'memory of the service', text: memoryText, linear: 1 },
    { name: 'clientBytes', what: 'memory of a client', text: memoryText, linear: 0 },
  ],
  missing: () => missingPrograms('cc'),
  build: () => void [isthmusServer(), isthmusClient()],
  measure,
};

async function measure(count: number, ms: number, where: Where): Promise<Record<string, number>> {
  const { cpus, isUrgent: urgent } = where;
  const folder = mkdtempSync(join(where.folder, 'clients-'));
  const socket = join(folder, 'echo.sock');
  try {
    const serving = { program: isthmusServer(), args: [socket, wait, String(bytes)] };
    await using server = new Program(serving, { name: 'the service', cpu: cpus.server, urgent });
    await server.expect('ready', patienceMs);
    const run = { bytes, inFlight: 1, ms, folder, serverCpu: cpus.server };
    const calling = { program: isthmusClient(), args: [socket, wait, String(ringBytes), ...clientArguments(run)] };
    await using stack = new AsyncDisposableStack();
    const all = Array.from({ length: count }, (_, index) =>
      stack.use(new Program(calling, { name: `client ${index + 1}`, cpu: cpus.client, urgent })),
    );
    const cpuOf = (programs: readonly Program[]): number => programs.reduce((sum, { cpuTime }) => sum + cpuTime.own, 0);
    await Promise.all(all.map((client) => client.expect('warm', patienceMs + ms)));
    const before = { server: cpuOf([server]), clients: cpuOf(all) };
    const figures = (await Promise.all(all.map((client) => client.line('the result', patienceMs + ms)))).map(
      measuredOf,
    );
    const calls = figures.reduce((sum, figure) => sum + figure.calls, 0);
    return {
      callsPerSecond: figures.reduce((sum, figure) => sum + (figure.calls / figure.ns) * 1e9, 0),
      p99Ns: Math.max(...figures.map(({ p99 = Number.NaN }) => p99)),
      serverCpuNs: (cpuOf([server]) - before.server) / calls,
      clientCpuNs: (cpuOf(all) - before.clients) / calls,
      serverBytes: server.memory,
      clientBytes: all.reduce((sum, { memory }) => sum + memory, 0) / count,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
