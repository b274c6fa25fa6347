/**
 * npm run bench:overload: how many calls are answered in time when more come than can be served: from Node, and over HTTP; with
 * the policy `shed`, and without. With --write it draws docs/overload.svg, and puts its table into docs/policies.md.
 * Options: --seconds N (each point, default 5), --ms N (a call's time in the handler, default 1), --http-ms N (the same over HTTP,
 * default 10: the gateway itself must be able to parse ten times as many requests), --deadline N (ms, default 100), --write.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateHeader } from '@isthmus/schema';
import { plotLines } from './harness/plot.ts';
import type { Tally } from './overload/arrivals.ts';
import { work } from './overload/work.schema.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1' },
    'http-ms': { type: 'string', default: '10' },
    deadline: { type: 'string', default: '100' },
    write: { type: 'boolean', default: false },
  },
});
const threads = 2;
/** Offered load, as multiples of what can be served. */
const multiples = [0.5, 0.8, 1, 1.5, 2, 3, 5, 10];

const here = fileURLToPath(new URL('.', import.meta.url));
const library = join(here, '..', 'c');
const build = join(here, 'build');
const folder = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));

interface Series {
  readonly name: string;
  readonly shed: boolean;
  readonly http: boolean;
}

interface Point extends Tally {
  readonly multiple: number;
  /** Answers in time, as a share of what can be served. */
  readonly goodput: number;
  /** CPU time of the process that decides what is refused, for each call, in microseconds. */
  readonly cpuMicroseconds: number;
}

/** How many calls can be served in a second: those that are made from Node, and those that come over HTTP. */
interface Capacities {
  readonly core: number;
  readonly http: number;
}

const allSeries: readonly Series[] = [
  { name: 'from Node, shed', shed: true, http: false },
  { name: 'from Node', shed: false, http: false },
  { name: 'over HTTP, shed', shed: true, http: true },
  { name: 'over HTTP', shed: false, http: true },
];

function compile(): string {
  mkdirSync(build, { recursive: true });
  writeFileSync(join(build, 'work.h'), generateHeader(work));
  const program = join(build, 'work');
  const include = [`-I${build}`, `-I${join(library, 'include')}`];
  const inputs = [join(here, 'overload', 'work.c'), join(library, 'build', 'libisthmus.a')];
  const flags = ['-std=c11', '-O2', ...include, ...inputs, '-pthread', '-o', program];
  execFileSync(process.env.CC ?? 'cc', flags, { stdio: 'inherit' });
  return program;
}

/** Runs `use` with a service of its own, so that what one measurement left in it does not burden the next. */
async function withService<T>(program: string, use: (socket: string) => Promise<T>): Promise<T> {
  const socket = join(folder, 'work.sock');
  const args = ['--socket', socket, '--threads', String(threads), '--wait', 'block'];
  const service = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = new Promise((resolve) => service.once('exit', resolve));
  try {
    while (!existsSync(socket)) await sleep(5);
    return await use(socket);
  } finally {
    service.kill('SIGKILL');
    await gone;
    rmSync(socket, { force: true });
  }
}

/** A program of this folder that runs until it has printed a line, or its stdin ends. */
function start(name: string, ...args: readonly string[]): { child: ChildProcess; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, [join(here, 'overload', name), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no output');
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function lineOf({ lines }: { readonly lines: AsyncIterator<string> }): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('a program ended early');
  return value;
}

/** What a load program is told of a call's time in the handler, and of the rate. */
function load(ms: string, perSecond: number): string[] {
  return [String(Math.round(Number(ms) * 1000)), options.deadline, options.seconds, String(perSecond)];
}

async function capacityOf(program: string, ms: string): Promise<number> {
  return withService(program, async (socket) => {
    const figure: number = JSON.parse(await lineOf(start('load-core.ts', socket, 'false', ...load(ms, 0))));
    console.log(`${threads} threads, ${ms} ms a call: ${figure.toFixed(0)} calls a second can be served`);
    return figure;
  });
}

async function measureCore(socket: string, shed: boolean, perSecond: number): Promise<Tally> {
  return JSON.parse(await lineOf(start('load-core.ts', socket, String(shed), ...load(options.ms, perSecond))));
}

async function measureHttp(socket: string, shed: boolean, perSecond: number): Promise<Tally> {
  const gateway = start('gateway.ts', socket, String(shed));
  try {
    const url = await lineOf(gateway);
    const tally: Tally = JSON.parse(await lineOf(start('load-http.ts', url, ...load(options['http-ms'], perSecond))));
    gateway.child.stdin?.end();
    return { ...tally, cpuSeconds: Number(await lineOf(gateway)) };
  } finally {
    gateway.child.kill('SIGKILL');
  }
}

async function measure(program: string, capacities: Capacities): Promise<Map<string, Point[]>> {
  const results = new Map(allSeries.map(({ name }): [string, Point[]] => [name, []]));
  for (const multiple of multiples) {
    for (const { name, shed, http } of allSeries) {
      const perSecond = capacities[http ? 'http' : 'core'] * multiple;
      const tally = await withService(program, (socket) =>
        http ? measureHttp(socket, shed, perSecond) : measureCore(socket, shed, perSecond),
      );
      const goodput = tally.good / Number(options.seconds) / capacities[http ? 'http' : 'core'];
      const cpuMicroseconds = (tally.cpuSeconds * 1e6) / Math.max(tally.made, 1);
      results.get(name)?.push({ ...tally, multiple, goodput, cpuMicroseconds });
      console.error(`${multiple}x ${name}: ${JSON.stringify({ ...tally, goodput, cpuMicroseconds })}`);
    }
  }
  return results;
}

function tableOf(results: Map<string, Point[]>): string {
  const cell = ({ goodput, offered, refused, p99 }: Point): string =>
    `${percent(goodput)} (${percent(refused / Math.max(offered, 1))}${p99 === null ? '' : `; ${p99.toFixed(0)} ms`})`;
  const rows = multiples.map((multiple) => {
    const points = allSeries.map(({ name }) => results.get(name)?.find((point) => point.multiple === multiple));
    return `| ${multiple} | ${points.map((point) => (point === undefined ? '' : cell(point))).join(' | ')} |`;
  });
  const share = allSeries.map(({ name }) => {
    const points = results.get(name) ?? [];
    const best = Math.max(...points.map(({ goodput }) => goodput));
    return `**${percent((points.at(-1)?.goodput ?? 0) / best)}**`;
  });
  return [
    `| offered load | ${allSeries.map(({ name }) => name).join(' | ')} |`,
    `|---|${allSeries.map(() => '---|').join('')}`,
    ...rows,
    `| at ${multiples.at(-1)}, of the best | ${share.join(' | ')} |`,
  ].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function plotOf(results: Map<string, Point[]>): string {
  return plotLines({
    title: `Calls answered within ${options.deadline} ms, by how many come`,
    description: `A service of ${threads} threads whose calls take ${options.ms} ms, or over HTTP ${options['http-ms']} ms, under 0.5 to 10 times the load that it can serve. With shedding, the calls that are answered in time stay near what it can serve; without, hardly any is once more come than that.`,
    xLabel: 'calls that come, as a multiple of what can be served',
    yLabel: 'answered in time, % of what can be served',
    logX: true,
    series: allSeries.map(({ name, shed }) => ({
      name,
      dashed: !shed,
      points: (results.get(name) ?? []).map(({ multiple, goodput }): [number, number] => [multiple, goodput * 100]),
    })),
  });
}

/** Puts the table between the marks that the page has for it. */
function writePage(table: string, plot: string): void {
  writeFileSync(join(here, '../docs/overload.svg'), plot);
  const page = join(here, '../docs/policies.md');
  const marked = /(<!-- overload -->\n)[\s\S]*?(<!-- end of overload -->)/;
  const text = readFileSync(page, 'utf8');
  if (!marked.test(text)) throw new Error(`${page} has no place for the table`);
  writeFileSync(
    page,
    text.replace(marked, (_, begin: string, end: string) => `${begin}${table}\n${end}`),
  );
}

if (availableParallelism() < 2) throw new Error('this benchmark needs two CPUs');
execFileSync('make', ['-s', '-C', library], { stdio: 'inherit' });
console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} CPUs, Linux ${release()}, Node ${process.version}`,
);
try {
  const program = compile();
  const capacities = {
    core: await capacityOf(program, options.ms),
    http: await capacityOf(program, options['http-ms']),
  };
  const results = await measure(program, capacities);
  const table = tableOf(results);
  console.log(`\nanswered in time, of what can be served (refused; 99th percentile of those in time)\n\n${table}`);
  if (options.write) writePage(table, plotOf(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
