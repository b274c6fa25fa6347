import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';

/** USER_HZ: what the kernel counts a process's start in, on every architecture that matters here. */
const ticksPerSecond = 100;
/** The kernel's own number of the namespace of processes in which all are seen. */
const firstPidNamespace = 'pid:[4026531836]';
/** PF_KTHREAD: a thread of the kernel, which has no memory of its own. */
const kernelThread = 0x0020_0000;

/** A file that may be in use. */
export interface UsedFile {
  readonly path: string;
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Which processes use a file. */
export interface FileUse {
  /** The processes that have it mapped. */
  readonly mapped: ReadonlySet<number>;
  /** The processes that have it open, or mapped. */
  readonly open: ReadonlySet<number>;
}

export interface FileUses {
  /** By path. */
  readonly of: ReadonlyMap<string, FileUse>;
  /** False: there are processes that could not be looked into, so there may be more uses. */
  readonly isWhole: boolean;
}

/** Looks through all processes for those that use one of the files. */
export async function usesOf(files: readonly UsedFile[]): Promise<FileUses> {
  const uses = new Map(files.map(({ path }) => [path, { mapped: new Set<number>(), open: new Set<number>() }]));
  let isWhole = (await readlink('/proc/self/ns/pid').catch(() => '')) === firstPidNamespace;
  if (files.length === 0) return { of: uses, isWhole };
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    try {
      for (const { path } of await mappedBy(pid, files)) {
        uses.get(path)?.mapped.add(pid);
        uses.get(path)?.open.add(pid);
      }
      for (const { path } of await openedBy(pid, files)) uses.get(path)?.open.add(pid);
    } catch (error) {
      if (await isHidden(pid, error)) isWhole = false;
    }
  }
  return { of: uses, isWhole };
}

async function mappedBy(pid: number, files: readonly UsedFile[]): Promise<UsedFile[]> {
  const lines = (await readFile(`/proc/${pid}/maps`, 'utf8')).split('\n');
  return lines.flatMap((line) => {
    // from-to, permissions, offset, major:minor of the device, inode, path
    const [, major = '', minor = '', inode = '', path = ''] =
      /^\S+ \S+ \S+ ([0-9a-f]+):([0-9a-f]+) (\d+) +(\/.*)$/.exec(line) ?? [];
    if (path === '') return [];
    const [device, number] = [deviceOf(major, minor), BigInt(inode)];
    // Some file systems show another device here than stat() does; and some files had another name when they were mapped.
    return files.filter((file) => (file.ino === number && file.dev === device) || file.path === path);
  });
}

/** As makedev() of glibc puts the two together. */
function deviceOf(major: string, minor: string): bigint {
  const [high, low] = [BigInt(`0x${major}`), BigInt(`0x${minor}`)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

async function openedBy(pid: number, files: readonly UsedFile[]): Promise<UsedFile[]> {
  const found: UsedFile[] = [];
  for (const descriptor of await readdir(`/proc/${pid}/fd`)) {
    const link = `/proc/${pid}/fd/${descriptor}`;
    const path = await readlink(link).catch(() => '');
    if (!files.some((file) => basename(file.path) === basename(path))) continue;
    const status = await stat(link, { bigint: true }).catch(() => undefined);
    found.push(...files.filter(({ dev, ino }) => status?.dev === dev && status.ino === ino));
  }
  return found;
}

/** Whether a process that could not be looked into is there, and may use files. */
async function isHidden(pid: number, error: unknown): Promise<boolean> {
  if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) return false;
  const status = await statusOf(pid);
  return status === undefined || (status.flags & kernelThread) === 0;
}

/** Whether the process of this id that lived at `sinceMs`, ms since 1970, lives still; undefined: it is not known. */
export async function isAlive(pid: number, sinceMs: number): Promise<boolean | undefined> {
  // 0: a process of another namespace.
  if (pid <= 0) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (isCode(error, 'ESRCH')) return false;
  }
  const [status, bootMs] = await Promise.all([statusOf(pid), bootTimeMs()]);
  if (status === undefined || bootMs === undefined) return undefined;
  // What has ended, and was not waited for yet.
  if (status.state === 'Z' || status.state === 'X') return false;
  const startedMs = bootMs + (status.startTicks / ticksPerSecond) * 1000;
  // Ids are used again. The clock may have been set meanwhile, by a little.
  return startedMs <= sinceMs + 10_000;
}

interface ProcessStatus {
  /** One letter. */
  readonly state: string;
  readonly flags: number;
  readonly startTicks: number;
}

async function statusOf(pid: number): Promise<ProcessStatus | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The name, in parentheses, may have anything in it. Behind it: state is field 3, flags 9, start time 22.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', flags: Number(fields[6]), startTicks: Number(fields[19]) };
}

async function bootTimeMs(): Promise<number | undefined> {
  const seconds = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8').catch(() => ''))?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
