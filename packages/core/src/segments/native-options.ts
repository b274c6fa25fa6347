import { guardKinds, type NativeSegmentName, type NativeSegmentOptions, segmentKinds } from '@isthmus/native';
import type { AttachSettings, SegmentGuard, SegmentSource } from './options.ts';

/** What the addon is told of a segment's name. */
export function nativeNameOf(source: SegmentSource): NativeSegmentName {
  if (source.systemV !== undefined) return { kind: segmentKinds.systemV, ...source.systemV };
  if (source.posix !== undefined) return { kind: segmentKinds.posix, name: source.posix };
  if (source.file !== undefined) return { kind: segmentKinds.file, name: source.file };
  return { kind: segmentKinds.fd, fd: source.fd };
}

/** @param bytes Of the struct. */
export function nativeOptionsOf(settings: AttachSettings, bytes: number): NativeSegmentOptions {
  return {
    ...nativeNameOf(settings),
    ...guardOptions(settings.guard ?? {}),
    offset: settings.offset,
    bytes,
    writable: settings.writable ? 1 : 0,
    magic: settings.magic?.bytes,
    magicOffset: settings.magic?.offset,
  };
}

type GuardOptions = Pick<
  NativeSegmentOptions,
  'guard' | 'guardOffset' | 'guardWidth' | 'guardName' | 'guardKey' | 'guardId' | 'guardNumber' | 'guardUndo'
>;

function guardOptions({
  seqlock,
  posixSemaphore,
  systemVSemaphore: semaphore,
  mutex,
  flock,
  fcntl,
}: SegmentGuard): GuardOptions {
  if (seqlock !== undefined) {
    return { guard: guardKinds.seqlock, guardOffset: seqlock.offset, guardWidth: seqlock.bytes };
  }
  if (posixSemaphore !== undefined) return { guard: guardKinds.posixSemaphore, guardName: posixSemaphore };
  if (semaphore !== undefined) {
    return {
      guard: guardKinds.systemVSemaphore,
      guardKey: semaphore.key,
      guardId: semaphore.id,
      guardNumber: semaphore.number,
      guardUndo: semaphore.undo === false ? 0 : 1,
    };
  }
  if (mutex !== undefined) return { guard: guardKinds.mutex, guardOffset: mutex.offset };
  if (flock !== undefined) return { guard: guardKinds.flock, guardName: fileOf(flock) };
  if (fcntl !== undefined) return { guard: guardKinds.fcntl, guardName: fileOf(fcntl) };
  return { guard: guardKinds.none };
}

/** Undefined: the segment's own. */
function fileOf(lock: string | true): string | undefined {
  return lock === true ? undefined : lock;
}
