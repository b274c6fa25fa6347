/**
 * npm run bench:region: what reading and writing a region of 64 bytes costs, as ratios to L, the round trip of one cache line between
 * the same two CPUs in the same round; and how old a value is when it reaches one of many watchers over HTTP.
 * Options: --rounds N (default 5), --ms N (each measurement in Node, default 400), --clients N (watchers, default 1,000; 0: none),
 * --torn N (checked reads in C under a writer at full speed, and a tenth as many in Node; default 0: none).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printTable, type Row } from './harness/rows.ts';
import { ratiosOf, spreadOf } from './harness/spread.ts';

const readerCpu = '0';
const otherCpu = '1';
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '400' },
    clients: { type: 'string', default: '1000' },
    torn: { type: 'string', default: '0' },
  },
});

const here = fileURLToPath(new URL('.', import.meta.url));
const library = join(here, '..', 'c');
const folder = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));
const socket = join(folder, 'state.sock');

function runC(name: string, ...args: readonly string[]): string {
  return execFileSync(join(library, 'build', 'bench', name), args, { encoding: 'utf8' });
}

/** A Node program of this folder that runs until its stdin ends, and what it prints. */
function startNode(name: string, ...args: readonly string[]): { child: ChildProcess; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, [join(here, 'region', name), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function lineOf({ lines }: { readonly lines: AsyncIterator<string> }): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('a program ended early');
  return value;
}

async function stop({ child }: { readonly child: ChildProcess }): Promise<void> {
  const exited = child.exitCode === null ? once(child, 'exit') : undefined;
  child.stdin?.end();
  await exited;
}

function runReader(mode: 'read' | 'get'): number {
  const reader = [process.execPath, join(here, 'region/reader.ts'), mode, socket, options.ms];
  return Number(execFileSync('taskset', ['-c', readerCpu, ...reader], { encoding: 'utf8', timeout: 60_000 }));
}

interface Line {
  readonly what: string;
  readonly readers?: number;
  readonly ns: number;
  readonly memcpyNs?: number;
}

/** What one round measures, in ns. */
function measureRound(): Record<string, number> {
  const figures: Record<string, number> = { L: Number(runC('line', readerCpu, otherCpu, '20000')) };
  for (const text of runC('region', readerCpu, otherCpu, '300000').trim().split('\n')) {
    const line: Line = JSON.parse(text);
    if (line.what === 'read') Object.assign(figures, { read: line.ns, memcpy: line.memcpyNs });
    else figures[`write${line.readers}`] = line.ns;
  }
  figures.nodeRead = runReader('read');
  figures.nodeGet = runReader('get');
  return figures;
}

async function measure(): Promise<void> {
  const rounds: Record<string, number>[] = [];
  const owner = startNode('owner.ts', socket, '0');
  try {
    await lineOf(owner);
    for (let round = 0; round < Number(options.rounds); round++) {
      const figures = measureRound();
      rounds.push(figures);
      const texts = Object.entries(figures).map(([name, ns]) => `${name} ${ns.toFixed(1)}`);
      console.error(`round ${round + 1}: ${texts.join(', ')} ns`);
    }
  } finally {
    await stop(owner);
  }
  const of = (name: string): number[] => rounds.map((figures) => figures[name] ?? Number.NaN);
  const row = (what: string, name: string, base: string, unit: string, goal: number | undefined): Row => ({
    what,
    ratio: spreadOf(ratiosOf(of(name), of(base))),
    unit,
    goal,
  });
  const ns = (name: string): string => `${spreadOf(of(name)).median.toFixed(1)} ns`;
  console.log(`\nL, one cache line there and back: ${ns('L')}`);
  console.log(`C read ${ns('read')}, memcpy ${ns('memcpy')}; Node read ${ns('nodeRead')}, get ${ns('nodeGet')}`);
  console.log(`C write ${ns('write0')}, with 1, 4, 16 readers ${['write1', 'write4', 'write16'].map(ns).join(', ')}\n`);
  // The goals are 30 ns, 1 us and 100 ns where L is 233 ns.
  printTable([
    row('C read of 64 bytes, nobody writes', 'read', 'L', 'L', 0.13),
    row('the same, to memcpy of 64 bytes', 'read', 'memcpy', 'of memcpy', undefined),
    row('Node read() of all fields', 'nodeRead', 'L', 'L', 4.3),
    row('Node get() of one field', 'nodeGet', 'L', 'L', 0.43),
    row('C write with 1 reader at full speed', 'write1', 'write0', 'of alone', 2),
    row('C write with 16 readers at full speed', 'write16', 'write0', 'of alone', 2),
  ]);
}

async function measureWatchers(clients: string): Promise<void> {
  const rate = 10;
  const owner = startNode('owner.ts', socket, '100');
  await lineOf(owner);
  const gateway = startNode('gateway.ts', socket);
  try {
    const url = await lineOf(gateway);
    const watchers = startNode('watchers.ts', url, clients, String(rate), '10');
    const { perSecond, p50, p99, max } = JSON.parse(await lineOf(watchers));
    await stop(watchers);
    gateway.child.stdin?.end();
    const cpuSeconds = Number(await lineOf(gateway));
    console.log(
      `\n${clients} watchers over HTTP at ${rate} events a second each, of a region written 100 times a second:`,
    );
    console.log(`${perSecond.toFixed(0)} events a second; from write to client p50 ${p50.toFixed(1)} ms,`);
    console.log(
      `p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms; ${cpuSeconds.toFixed(1)} s of CPU in the gateway in all`,
    );
  } finally {
    await stop(gateway);
    await stop(owner);
  }
}

function lookForTorn(reads: number): void {
  console.log(`\nC: ${runC('region', '--torn', String(reads), readerCpu, otherCpu).trim()}`);
}

if (availableParallelism() < 2) throw new Error('this benchmark needs two CPUs');
execFileSync('make', ['-s', '-C', library, 'bench'], { stdio: 'inherit' });
console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} CPUs, Linux ${release()}, Node ${process.version}`,
);
console.log(`load average before: ${readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 2).join(' ')}\n`);
try {
  await measure();
  if (options.clients !== '0') await measureWatchers(options.clients);
  if (options.torn !== '0') lookForTorn(Number(options.torn));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
