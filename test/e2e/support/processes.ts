/** What /proc knows of processes: who has started whom, who lives, who maps shared memory. */
import { readdirSync, readFileSync } from 'node:fs';

/** Its pids and when each began: a pid that was given out again is another process. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since the machine started. */
  readonly startTime: string;
}

interface ProcessStatus extends ProcessId {
  readonly parent: number;
  readonly state: string;
}

/** The processes that `pid` has started, theirs too. */
export function descendantsOf(pid: number): readonly ProcessId[] {
  const all = everyProcess();
  const found: ProcessStatus[] = [];
  for (let parents = [pid]; parents.length > 0; ) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found;
}

/** Whether it still runs. A zombie does not: it only waits to be counted. */
export function isAlive({ pid, startTime }: ProcessId): boolean {
  const status = statusOf(pid);
  return status !== undefined && status.startTime === startTime && status.state !== 'Z';
}

/** The letter that proc(5) has for what it does, `T` where it is stopped; undefined: it is not there. */
export function stateOf(pid: number): string | undefined {
  return statusOf(pid)?.state;
}

/** What distinguishes the shared segments that these processes map now. */
export function segmentsOf(processes: readonly ProcessId[]): ReadonlySet<string> {
  return new Set(processes.flatMap(({ pid }) => segmentsMappedBy(pid)));
}

/** The segments among these that any process of the machine still maps. */
export function segmentsStillMapped(segments: ReadonlySet<string>): readonly string[] {
  return everyProcess().flatMap(({ pid }) => segmentsMappedBy(pid).filter((segment) => segments.has(segment)));
}

/** The name of the program that it runs, as far as /proc keeps it. */
export function programOf({ pid }: ProcessId): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

function segmentsMappedBy(pid: number): string[] {
  try {
    const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
    // Address, permissions, offset, device, inode, name.
    return lines.filter((line) => line.includes('/memfd:isthmus')).map((line) => line.split(/ +/)[4] ?? '');
  } catch {
    return [];
  }
}

function everyProcess(): readonly ProcessStatus[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statusOf(Number(name)))
    .filter((status) => status !== undefined);
}

function statusOf(pid: number): ProcessStatus | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything; proc(5) counts the fields after it from 3.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, state: fields[0] ?? '', parent: Number(fields[1]), startTime: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
