/** How much CPU time and memory processes have used, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export interface CpuTime {
  /** Of the process and all its threads, in ns. */
  readonly own: number;
  /** Of the processes that it has started, and theirs. */
  readonly descendants: number;
}

/** What has ended, process or thread, is not in it any more. */
export function cpuTimeOf(pid: number): CpuTime {
  const [own = 0, ...others] = [pid, ...descendantsOf(pid)].map(timeOf);
  return { own, descendants: others.reduce((sum, ns) => sum + ns, 0) };
}

/** Bytes of memory that a process has touched; what it shares with others counts by its share. */
export function memoryOf(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(contentOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

/** The same of a process, and of the processes that it has started, and theirs. */
export function memoryOfAll(pid: number): number {
  return [pid, ...descendantsOf(pid)].reduce((sum, one) => sum + memoryOf(one), 0);
}

/** The processes that it has started, and theirs. */
export function descendantsOf(pid: number): number[] {
  const children = entriesOf(`/proc/${pid}/task`)
    .flatMap((thread) => contentOf(`/proc/${pid}/task/${thread}/children`).trim().split(' '))
    .filter((child) => child !== '')
    .map(Number);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** The sum over its threads, by the scheduler's own count, which is in ns; /proc/PID/stat counts hundredths of a second. */
function timeOf(pid: number): number {
  return entriesOf(`/proc/${pid}/task`).reduce(
    (ns, thread) => ns + Number(contentOf(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]),
    0,
  );
}

/** A process may go at any moment: then there is nothing. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
