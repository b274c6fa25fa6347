/**
 * npm run bench:call: what one 64-byte call costs, each way, as a ratio to L, the round trip of one cache line between the same
 * two CPUs in the same round. Options: --rounds N (default 7), --ms N (each measurement, default 400), --no-idle.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateHeader } from '@isthmus/schema';
import { echo } from './call/echo.schema.ts';
import { idleShare } from './call/idle.ts';
import { printTable, type Row, ratios, spreadOf } from './call/table.ts';

const clientCpu = '0';
const serviceCpu = '1';
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    ms: { type: 'string', default: '400' },
    'no-idle': { type: 'boolean', default: false },
  },
});

const here = fileURLToPath(new URL('.', import.meta.url));
const library = join(here, '..', 'c');
const build = join(here, 'build');
const sockets = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));

function compile(output: string, ...inputs: string[]): string {
  const path = join(build, output);
  const include = [`-I${build}`, `-I${join(library, 'include')}`];
  execFileSync(process.env.CC ?? 'cc', ['-std=c11', '-O2', ...include, ...inputs, '-pthread', '-o', path], {
    stdio: 'inherit',
  });
  return path;
}

function prepare(): { readonly echo: string; readonly socket: string } {
  mkdirSync(build, { recursive: true });
  execFileSync('make', ['-s', '-C', library, 'bench'], { stdio: 'inherit' });
  writeFileSync(join(build, 'echo.h'), generateHeader(echo));
  return {
    echo: compile('echo', join(here, 'call', 'echo.c'), join(library, 'build', 'libisthmus.a')),
    socket: compile('socket_echo', join(here, 'call', 'socket_echo.c')),
  };
}

const programs = prepare();

/** Ns that a C benchmark prints. */
function runC(name: 'line' | 'call'): number {
  return Number(
    execFileSync(join(library, 'build', 'bench', name), [clientCpu, serviceCpu, '20000'], { encoding: 'utf8' }),
  );
}

async function listening(path: string): Promise<void> {
  for (let i = 0; i < 500 && !existsSync(path); i++) await sleep(2);
  await sleep(20);
}

/** Ns of one call from a Node client in `mode`, with a service of its own. */
async function runNode(mode: string): Promise<number> {
  const path = join(sockets, `${mode}.sock`);
  const wait = mode.endsWith('block') ? 'block' : mode.endsWith('adaptive') ? 'adaptive' : 'spin';
  const [program, ...args] =
    mode === 'socket'
      ? [programs.socket, path, serviceCpu]
      : [programs.echo, '--socket', path, '--wait', wait, '--cpu', serviceCpu];
  const service: ChildProcess = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await listening(path);
    const client = [process.execPath, join(here, 'call', 'client.ts'), mode, path, options.ms];
    return Number(execFileSync('taskset', ['-c', clientCpu, ...client], { encoding: 'utf8', timeout: 60_000 }));
  } finally {
    const gone = new Promise((resolve) => service.once('exit', resolve));
    service.kill('SIGTERM');
    await gone;
    rmSync(path, { force: true });
  }
}

const contestants: Readonly<Record<string, () => number | Promise<number>>> = {
  L: () => runC('line'),
  c: () => runC('call'),
  sync: () => runNode('sync'),
  spin: () => runNode('one-spin'),
  adaptive: () => runNode('one-adaptive'),
  block: () => runNode('one-block'),
  socket: () => runNode('socket'),
  flight: () => runNode('flight-spin'),
  flightAdaptive: () => runNode('flight-adaptive'),
};

async function measure(): Promise<Record<string, number[]>> {
  const figures: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    const line: string[] = [];
    for (const [name, run] of Object.entries(contestants)) {
      const ns = await run();
      figures[name]?.push(ns);
      line.push(`${name} ${Math.round(ns)}`);
    }
    console.error(`round ${round + 1}: ${line.join(', ')} ns`);
  }
  return figures;
}

function loadAverage(): string {
  return readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 2).join(' ');
}

if (availableParallelism() < 2) throw new Error('this benchmark needs two CPUs');
console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} CPUs, Linux ${release()}, Node ${process.version}`,
);
console.log(`client on CPU ${clientCpu}, service on CPU ${serviceCpu}; load average before: ${loadAverage()}\n`);
try {
  const figures = await measure();
  const of = (name: string): number[] => figures[name] ?? [];
  const row = (what: string, name: string, base: string, unit: string, goal: number): Row => ({
    what,
    ratio: spreadOf(ratios(of(name), of(base))),
    unit,
    goal,
  });
  console.log(`\nL, one cache line there and back: ${spreadOf(of('L')).median.toFixed(0)} ns\n`);
  printTable([
    row('C to C, polling', 'c', 'L', 'L', 2.5),
    row('sync from Node, polling', 'sync', 'L', 'L', 3),
    row('awaited one at a time, polling', 'spin', 'L', 'L', 8),
    row('awaited, 1,024 in flight, a call', 'flight', 'L', 'L', 4),
    row('adaptive one at a time, to spin', 'adaptive', 'spin', 'of spin', 1.3),
    row('adaptive, 1,024 in flight, to spin', 'flightAdaptive', 'flight', 'of spin', 1.3),
    row('block one at a time, to a Unix socket', 'block', 'socket', 'of the socket', 0.8),
  ]);
  if (!options['no-idle']) {
    const { share, processes } = await idleShare(10);
    const verdict = share < 0.005 ? 'reached' : 'missed';
    console.log(
      `\nidle gateway with two instances (${processes} processes), 10 s: ${(share * 100).toFixed(2)} % of a core; goal < 0.5 %: ${verdict}`,
    );
  }
} finally {
  rmSync(sockets, { recursive: true, force: true });
}
