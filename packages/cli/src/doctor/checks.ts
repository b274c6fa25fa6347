/** What `isthmus doctor` looks at, in order: later checks build on earlier ones. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, endianness, freemem, tmpdir } from 'node:os';
import { listSegments } from '@isthmus/core';
import { loadNative } from '@isthmus/native';
import { IsthmusError } from '@isthmus/schema';
import { runProgram } from '../programs/run-program.ts';
import type { Check, CheckResult, Status } from './check.ts';
import { exposure } from './exposure.ts';
import { latencyChecks } from './latency.ts';
import { selfTest } from './self-test.ts';
import { judgeSharedMemory, readLimits } from './shared-memory.ts';

/** Fewer open files than this would limit the number of clients, each of which takes a few. */
const enoughFiles = 1024;
/** Memory that the C compiler and a few instances use comfortably, in bytes. */
const enoughMemory = 512 * 1024 * 1024;

const platform: Check = async () => {
  const { platform: system, arch } = process;
  const found = `${system} ${arch}`;
  const name = 'platform';
  if (system === 'linux' && ['x64', 'arm64', 'riscv64', 'ppc64', 'loong64'].includes(arch) && endianness() === 'LE') {
    return { name, status: 'ok', found };
  }
  return {
    name,
    status: 'missing',
    found,
    advice: 'Use Linux on a little-endian 64-bit machine, or a container of it.',
  };
};

// main.ts refuses versions that are too old before anything else runs, so what comes here is good.
const node: Check = async () => ({ name: 'node', status: 'ok', found: process.version });

const compiler: Check = () =>
  toolCheck({
    name: 'C compiler',
    command: [...(process.env.CC ?? 'cc').split(/\s+/), '--version'],
    absent: 'missing',
    advice: 'Install one (Debian: apt-get install gcc libc6-dev), or name yours in the environment variable CC.',
  });

const make: Check = () =>
  toolCheck({
    name: 'make',
    command: ['make', '--version'],
    absent: 'warn',
    advice: 'Needed for services that build with make only (Debian: apt-get install make).',
  });

const taskset: Check = () =>
  toolCheck({
    name: 'taskset',
    command: ['taskset', '--version'],
    absent: 'warn',
    advice: 'Needed for limits.cpus of a service and for http.cpus only (Debian: apt-get install util-linux).',
  });

const addon: Check = async () => {
  const name = 'native addon';
  try {
    loadNative();
    return { name, status: 'ok', found: 'loads' };
  } catch (error) {
    const advice =
      error instanceof IsthmusError ? error.action : 'Run npm rebuild @isthmus/native and read what it prints.';
    return { name, status: 'missing', found: oneLine(error), advice };
  }
};

const roundTrip: Check = async () => {
  const name = 'call';
  try {
    const microseconds = await selfTest();
    return {
      name,
      status: 'ok',
      found: `from Node to C and back through shared memory in ${microseconds.toFixed(1)} us`,
    };
  } catch (error) {
    const advice =
      'A C program was compiled and called, which needs memfd_create, epoll and Unix sockets: see what a sandbox or seccomp profile forbids.';
    return { name, status: 'missing', found: oneLine(error), advice };
  }
};

const sharedMemory: Check = async () => {
  const name = 'shared memory';
  try {
    return judgeSharedMemory(await listSegments(), await readLimits());
  } catch (error) {
    return { name, status: 'warn', found: oneLine(error), advice: 'See whether /proc is mounted.' };
  }
};

const files: Check = async () => {
  const name = 'open files';
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return { name, status: 'warn', found: 'unknown', advice: '/proc is not mounted.' };
  if (soft === 'unlimited' || Number(soft) >= enoughFiles) return { name, status: 'ok', found: `${soft} allowed` };
  return { name, status: 'warn', found: `${soft} allowed`, advice: `Raise the limit: ulimit -n ${enoughFiles}` };
};

const memory: Check = async () => {
  // Inside a container, what the container may use and not what the machine has.
  const bytes = process.availableMemory() || freemem();
  const found = `${Math.floor(bytes / 2 ** 20).toLocaleString('en')} MiB available`;
  if (bytes >= enoughMemory) return { name: 'memory', status: 'ok', found };
  return { name: 'memory', status: 'warn', found, advice: 'Compiling may fail; rings of many clients may not fit.' };
};

const cores: Check = async () => {
  const count = availableParallelism();
  const found = `${count}`;
  if (count >= 2) return { name: 'cores', status: 'ok', found };
  return {
    name: 'cores',
    status: 'warn',
    found,
    advice: 'With one core, set wait to block: spinning only takes turns.',
  };
};

const folder: Check = async () => {
  const parent = process.env.XDG_RUNTIME_DIR ?? tmpdir();
  const bytes = Buffer.byteLength(parent);
  const found = `sockets go below ${parent}`;
  if (bytes <= 60) return { name: 'sockets', status: 'ok', found };
  const advice = 'The path of a socket may have 107 bytes: set XDG_RUNTIME_DIR to a shorter one.';
  return { name: 'sockets', status: 'warn', found, advice };
};

export const checks: readonly Check[] = [
  platform,
  node,
  compiler,
  make,
  taskset,
  addon,
  roundTrip,
  sharedMemory,
  folder,
  files,
  memory,
  cores,
  exposure,
  ...latencyChecks,
];

interface Tool {
  readonly name: string;
  readonly command: readonly string[];
  readonly absent: Status;
  readonly advice: string;
}

async function toolCheck({ name, command, absent, advice }: Tool): Promise<CheckResult> {
  try {
    const [first = ''] = (await runProgram(command, { cwd: tmpdir() })).split('\n');
    return { name, status: 'ok', found: first };
  } catch {
    return { name, status: absent, found: `${command[0]} cannot be run`, advice };
  }
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}
