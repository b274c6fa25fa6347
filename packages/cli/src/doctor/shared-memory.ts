/** What `isthmus doctor` says of the machine's shared memory. */
import { readFile, statfs } from 'node:fs/promises';
import type { SegmentInfo } from '@isthmus/core';
import { labelOf, modeText } from '../segments/describe-segments.ts';
import type { CheckResult } from './check.ts';

const name = 'shared memory';

/** Room for less than this, in bytes, is soon taken: the least that any of the limits should be. */
const enoughBytes = 32 * 2 ** 20;
/** Fewer System V segments than this are soon taken. */
const enoughSegments = 32;
/** The kernel counts shmall in pages, and this is the least that one has. */
const pageBytes = 4096;
/** How many segments a message names. */
const named = 5;

/** How much there can be, in bytes and segments; undefined: not known. */
export interface SharedMemoryLimits {
  /** Size and free space of the file system of POSIX segments. */
  readonly posix: { readonly bytes: number; readonly free: number } | undefined;
  /** Of System V: the largest segment, all of them, and their number: shmmax, shmall in bytes, shmmni. */
  readonly largest: number | undefined;
  readonly total: number | undefined;
  readonly segments: number | undefined;
}

export async function readLimits(): Promise<SharedMemoryLimits> {
  const [posix, largest, pages, segments] = await Promise.all([
    statfs('/dev/shm').then(
      ({ bsize, blocks, bavail }) => ({ bytes: bsize * blocks, free: bsize * bavail }),
      () => undefined,
    ),
    kernelNumber('shmmax'),
    kernelNumber('shmall'),
    kernelNumber('shmmni'),
  ]);
  return { posix, largest, total: pages === undefined ? undefined : pages * pageBytes, segments };
}

/** One of the kernel's numbers for System V shared memory. */
async function kernelNumber(file: string): Promise<number | undefined> {
  const text = await readFile(`/proc/sys/kernel/${file}`, 'utf8').catch(() => '');
  return text === '' ? undefined : Number(text);
}

/** Everybody's segments are looked at: one that all may write is a hole in whatever program reads it. */
export function judgeSharedMemory(segments: readonly SegmentInfo[], limits: SharedMemoryLimits): CheckResult {
  const open = segments.filter(({ worldWritable }) => worldWritable);
  const problems = [...limitProblems(limits), ...(open.length === 0 ? [] : [worldWritable(open)])];
  const { posix } = limits;
  const room = posix === undefined ? '' : `, ${mebibytes(posix.free)} of ${mebibytes(posix.bytes)} free in /dev/shm`;
  const found = `${segments.length === 1 ? '1 segment' : `${segments.length} segments`}${room}`;
  if (problems.length === 0) return { name, status: 'ok', found };
  return {
    name,
    status: 'warn',
    found: [found, ...problems.map((problem) => problem.found)].join('; '),
    advice: problems.map(({ advice }) => advice).join(' '),
  };
}

interface Problem {
  readonly found: string;
  readonly advice: string;
}

function worldWritable(open: readonly SegmentInfo[]): Problem {
  const labels = open.slice(0, named).map((segment) => `${labelOf(segment)} (mode ${modeText(segment.mode)})`);
  const more = open.length > named ? ` and ${open.length - named} more` : '';
  return {
    found: `everybody may write ${labels.join(', ')}${more}`,
    advice:
      'Have the program that creates a segment give it mode 0600, or 0660 with a group; isthmus segments tells whose it is.',
  };
}

function limitProblems({ posix, largest, total, segments }: SharedMemoryLimits): readonly Problem[] {
  const problems: Problem[] = [];
  if (posix === undefined) {
    problems.push({ found: 'there is no /dev/shm', advice: 'Mount a tmpfs there: POSIX segments lie in it.' });
  } else if (posix.bytes < enoughBytes) {
    const advice = 'Make it larger: mount -o remount,size=64m /dev/shm, or docker run --shm-size=64m.';
    problems.push({ found: `/dev/shm has ${mebibytes(posix.bytes)}`, advice });
  }
  if (largest !== undefined && largest < enoughBytes) {
    const found = `a System V segment has at most ${mebibytes(largest)}`;
    problems.push({ found, advice: `Raise it: sysctl kernel.shmmax=${enoughBytes}` });
  }
  if (total !== undefined && total < enoughBytes) {
    const found = `all System V segments have at most ${mebibytes(total)}`;
    problems.push({ found, advice: `Raise it: sysctl kernel.shmall=${enoughBytes / pageBytes}` });
  }
  if (segments !== undefined && segments < enoughSegments) {
    const found = `there can be ${segments} System V segments`;
    problems.push({ found, advice: `Raise it: sysctl kernel.shmmni=${enoughSegments}` });
  }
  return problems;
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20).toLocaleString('en')} MiB`;
}
