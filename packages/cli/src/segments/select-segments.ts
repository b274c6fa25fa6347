/** Which segments a command is about. */
import { resolve } from 'node:path';
import type { SegmentInfo } from '@isthmus/core';

export interface Selection {
  /** Left out: all kinds. */
  readonly kind?: SegmentInfo['kind'] | undefined;
  /** Names, paths, keys as `0x1234`, ids. None: whatever they are called. */
  readonly names: readonly string[];
}

export function selectSegments(segments: readonly SegmentInfo[], { kind, names }: Selection): readonly SegmentInfo[] {
  return segments.filter((segment) => {
    if (kind !== undefined && segment.kind !== kind) return false;
    return names.length === 0 || names.some((name) => isCalled(segment, name));
  });
}

function isCalled({ kind, name, key, id }: SegmentInfo, text: string): boolean {
  if (/^0x[0-9a-f]+$/i.test(text)) return key === Number(text);
  if (/^\d+$/.test(text)) return id === Number(text);
  if (kind === 'file') return name === resolve(text);
  // A semaphore is called by the name of its file, or as sem_open takes it.
  return name === text || (kind === 'posixSemaphore' && name === text.replace(/^\//, '/sem.'));
}
