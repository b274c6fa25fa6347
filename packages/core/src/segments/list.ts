import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { native } from '../native.ts';
import type { RemovableSource } from './create.ts';
import { isAlive, type UsedFile, usesOf } from './processes.ts';

/** A segment that exists on this machine, as far as this process can see. */
export interface SegmentInfo {
  readonly kind: 'systemV' | 'posix' | 'posixSemaphore' | 'file';
  /** What `removeSegment` takes. */
  readonly source: RemovableSource;
  /** Of System V, without a sign; 0: made without one (IPC_PRIVATE). */
  readonly key: number | undefined;
  readonly id: number | undefined;
  /** `/name`, or the path of a file. */
  readonly name: string | undefined;
  readonly owner: { readonly uid: number; readonly name: string | undefined };
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: number;
  /** How often it is attached (System V), or how many processes have it mapped. Undefined: not all of them can be seen. */
  readonly attached: number | undefined;
  /** Of System V; of processes in other namespaces: undefined. */
  readonly creatorPid: number | undefined;
  readonly lastPid: number | undefined;
  /** Whether who made it lives; of files, who uses it. Undefined: it is not known. */
  readonly ownerAlive: boolean | undefined;
  /** Nobody uses it, and its creator has gone. False also where it is not known. */
  readonly orphan: boolean;
  /** Whether any user of the machine may write it. */
  readonly worldWritable: boolean;
}

/** A file that was made just now may be about to be used. */
const youngMs = 60_000;

/** All System V and POSIX segments, and these files. Changes nothing. In no particular order of time. */
export async function listSegments({
  files = [],
}: {
  readonly files?: readonly string[] | undefined;
} = {}): Promise<SegmentInfo[]> {
  const users = await userNames();
  return [...(await systemVSegments(users)), ...(await fileSegments(files, users))];
}

type Users = ReadonlyMap<number, string>;

async function systemVSegments(users: Users): Promise<SegmentInfo[]> {
  const [header = '', ...lines] = (await readFile('/proc/sysvipc/shm', 'utf8').catch(() => '')).split('\n');
  const columns = header.trim().split(/\s+/);
  const segments: SegmentInfo[] = [];
  for (const line of lines.filter((text) => text.trim() !== '')) {
    const values = line.trim().split(/\s+/);
    const column = (name: string): number => Number(values[columns.indexOf(name)]);
    const [id, uid, creator] = [column('shmid'), column('uid'), column('cpid')];
    const mode = Number.parseInt(values[columns.indexOf('perms')] ?? '', 8) & 0o777;
    const ownerAlive = await isAlive(creator, column('ctime') * 1000);
    segments.push({
      kind: 'systemV',
      source: { systemV: { id } },
      key: column('key') >>> 0,
      id,
      name: undefined,
      owner: { uid, name: users.get(uid) },
      mode,
      bytes: column('size'),
      attached: column('nattch'),
      creatorPid: creator || undefined,
      lastPid: column('lpid') || undefined,
      ownerAlive,
      orphan: column('nattch') === 0 && ownerAlive === false,
      worldWritable: (mode & 0o002) !== 0,
    });
  }
  return segments;
}

interface FoundFile extends UsedFile {
  readonly kind: 'posix' | 'posixSemaphore' | 'file';
  readonly name: string;
  readonly uid: number;
  readonly mode: number;
  readonly bytes: number;
  readonly changedMs: number;
}

async function fileSegments(paths: readonly string[], users: Users): Promise<SegmentInfo[]> {
  const names = (await readdir('/dev/shm').catch(() => [])).sort();
  const found = await Promise.all([
    ...names.map((name) => findFile(join('/dev/shm', name), name.startsWith('sem.') ? 'posixSemaphore' : 'posix')),
    ...paths.map((path) => findFile(resolve(path), 'file')),
  ]);
  const files = found.filter((file) => file !== undefined);
  // What the kernel tells of a file's use is sure, but it does not tell everybody, nor who it is.
  const told = new Map(files.map((file) => [file, file.kind === 'file' ? undefined : native().isFileUsed(file.path)]));
  const uses = await usesOf(files.filter((file) => told.get(file) !== false));
  return files.map((file) => {
    const use = uses.of.get(file.path);
    const isSeen = use !== undefined && use.open.size > 0;
    const ownerAlive = told.get(file) ?? (isSeen ? true : uses.isWhole ? false : undefined);
    const { kind, name, uid, mode, bytes } = file;
    return {
      kind,
      source: kind === 'file' ? { file: name } : { posix: name },
      key: undefined,
      id: undefined,
      name,
      owner: { uid, name: users.get(uid) },
      mode,
      bytes,
      attached: ownerAlive === false ? 0 : uses.isWhole ? use?.mapped.size : undefined,
      creatorPid: undefined,
      lastPid: undefined,
      ownerAlive,
      // A file that was named is wanted, whoever uses it now.
      orphan: kind !== 'file' && ownerAlive === false && Date.now() - file.changedMs > youngMs,
      worldWritable: (mode & 0o002) !== 0,
    };
  });
}

async function findFile(path: string, kind: FoundFile['kind']): Promise<FoundFile | undefined> {
  const status = await lstat(path, { bigint: true }).catch(() => undefined);
  if (status?.isFile() !== true) return undefined;
  return {
    kind,
    path,
    name: kind === 'file' ? path : path.slice('/dev/shm'.length),
    dev: status.dev,
    ino: status.ino,
    uid: Number(status.uid),
    mode: Number(status.mode & 0o777n),
    bytes: Number(status.size),
    changedMs: Number(status.mtimeMs > status.ctimeMs ? status.mtimeMs : status.ctimeMs),
  };
}

/** The names of this machine's users, where the file of them has them. */
async function userNames(): Promise<Users> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  return new Map(lines.map((line) => line.split(':')).map(([name = '', , uid]) => [Number(uid), name]));
}
