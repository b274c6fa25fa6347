/** What the kernel says of this machine's CPUs and memory, as far as it decides how long a call takes. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listCpus } from '@isthmus/gateway';

/** What nothing is known of is undefined or empty: virtual machines and containers show little. */
export interface Machine {
  /** Frequency governors, with how many clocks each of them governs. */
  readonly governors: ReadonlyMap<string, number>;
  /** The states that an idle CPU may be put into, with how long it takes to leave them, in us. */
  readonly idleStates: readonly { readonly name: string; readonly latencyUs: number }[];
  /** CPUs that the scheduler leaves alone (isolcpus). */
  readonly isolated: readonly number[];
  /** CPUs without a timer's tick while one thread runs there (nohz_full). */
  readonly tickless: readonly number[];
  /** Whether shared memory may have huge pages: always, within_size, advise, never, deny or force. */
  readonly hugePages: string | undefined;
  /** The CPUs of each NUMA node that has any. */
  readonly nodes: readonly (readonly number[])[];
}

/** @param root Where sysfs is. For tests. */
export async function readMachine(root = '/sys'): Promise<Machine> {
  const cpus = join(root, 'devices/system/cpu');
  const nodes = join(root, 'devices/system/node');
  const [governors, idleStates, isolated, tickless, hugePages, nodeCpus] = await Promise.all([
    readEach(join(cpus, 'cpufreq'), /^policy\d+$/, 'scaling_governor'),
    readIdleStates(join(cpus, 'cpu0/cpuidle')),
    read(join(cpus, 'isolated')),
    read(join(cpus, 'nohz_full')),
    read(join(root, 'kernel/mm/transparent_hugepage/shmem_enabled')),
    readEach(nodes, /^node\d+$/, 'cpulist'),
  ]);
  return {
    governors: countEach(governors),
    idleStates,
    isolated: cpusOf(isolated),
    tickless: cpusOf(tickless),
    hugePages: /\[(\w+)\]/.exec(hugePages)?.[1],
    nodes: nodeCpus.map(cpusOf).filter((list) => list.length > 0),
  };
}

/** A file's text without its newline; '' where it cannot be read. */
async function read(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}

/** The names of a folder that match, in order. */
async function list(folder: string, names: RegExp): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => names.test(name)).sort();
}

/** The same file of each folder whose name matches. */
async function readEach(parent: string, names: RegExp, file: string): Promise<readonly string[]> {
  const found = await list(parent, names);
  const texts = await Promise.all(found.map((name) => read(join(parent, name, file))));
  return texts.filter((text) => text !== '');
}

async function readIdleStates(folder: string): Promise<Machine['idleStates']> {
  const names = await list(folder, /^state\d+$/);
  const states = await Promise.all(
    names.map(async (state) => {
      const [name, latency, disabled] = await Promise.all(
        ['name', 'latency', 'disable'].map((file) => read(join(folder, state, file))),
      );
      return { name: name || state, latencyUs: Number(latency), isDisabled: disabled === '1' };
    }),
  );
  return states
    .filter(({ latencyUs, isDisabled }) => !isDisabled && latencyUs >= 0)
    .map(({ name, latencyUs }) => ({ name, latencyUs }));
}

/** The kernel's lists, such as `0-3,8`; what is none, such as `(null)`, has no CPUs. */
function cpusOf(text: string): readonly number[] {
  return /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text) ? listCpus(text) : [];
}

function countEach(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
