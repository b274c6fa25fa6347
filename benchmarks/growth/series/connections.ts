/** Connections to one gateway, all of them kept and used in turn, at a rate that stays. */
import { readFileSync } from 'node:fs';
import { timeText } from '../../harness/markdown.ts';
import { Program } from '../../harness/processes.ts';
import { digits } from '../../harness/spread.ts';
import { missingPrograms } from '../../harness/toolchains.ts';
import { buildOpenLoop, buildPricing, openLoopProgram } from '../../http/build.ts';
import { contestants } from '../../http/contestants.ts';
import { withServer } from '../../http/measure.ts';
import { numbersOf } from '../../http/numbers.ts';
import { questionText } from '../../http/question.ts';
import { quotePath } from '../../http/servers/quote.ts';
import { patienceMs, type Series, type Where } from '../series.ts';
import { countText, memoryText } from '../texts.ts';

/** Well below what a gateway answers on one CPU. */
const ratePerSecond = 2000;
/** What a process has open besides. */
const otherFiles = 200;

export const connections: Series = {
  name: 'connections',
  what: `HTTP connections to one gateway, ${countText(ratePerSecond)} requests a second in all`,
  axis: 'connections',
  xText: countText,
  points: { whole: [10, 100, 1000, 10_000], quick: [10, 1000] },
  ms: { whole: 3000, quick: 1000 },
  measures: [
    { name: 'p50Ns', what: 'p50 from when it was due', text: timeText, linear: 0 },
    { name: 'p99Ns', what: 'p99', text: timeText },
    { name: 'unanswered', what: 'unanswered', text: (share) => `${digits(share * 100)} %` },
    { name: 'cpuNs', what: 'CPU of a request, gateway and service', text: timeText, linear: 0 },
    { name: 'gatewayBytes', what: 'memory of the gateway', text: memoryText, linear: 1 },
  ],
  missing: () => missingPrograms('make', 'cc'),
  build: () => {
    buildPricing();
    buildOpenLoop();
  },
  cannot: (count) => (count + otherFiles <= openFiles() ? undefined : `a process may open ${openFiles()} files here`),
  measure,
};

function measure(count: number, ms: number, where: Where): Promise<Record<string, number>> {
  const gateway = contestants.find(({ name }) => name === 'gateway');
  if (gateway === undefined) throw new Error('the HTTP section has no contestant "gateway"');
  return withServer(gateway, where, async (server, url) => {
    const args = [new URL(url).port, quotePath, String(ratePerSecond), String(ms), String(count)];
    const command = { program: openLoopProgram, args, env: { QUOTE: questionText } };
    await using load = new Program(command, { name: 'the load', cpu: where.cpus.client, urgent: where.isUrgent });
    await load.expect('connected', patienceMs);
    const before = server.cpuTime;
    const line = await load.lineWith('{"requests"', ms + patienceMs);
    const after = server.cpuTime;
    const gatewayBytes = server.memory;
    const { requests, refused, unanswered, p50Ns, p99Ns } = numbersOf(
      line,
      ...(['requests', 'refused', 'unanswered', 'p50Ns', 'p99Ns'] as const),
    );
    if (refused > 0) throw new Error(`${refused} of ${requests} requests were refused`);
    const cpuNs = (after.own + after.descendants - before.own - before.descendants) / requests;
    return { p50Ns, p99Ns, unanswered: unanswered / requests, cpuNs, gatewayBytes };
  });
}

/** How many files this process and those that it starts may open; Node has raised that to what is allowed. */
function openFiles(): number {
  return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0);
}
