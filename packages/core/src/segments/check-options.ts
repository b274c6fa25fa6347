import { resolve } from 'node:path';
import { OptionReader } from '../option-reader.ts';
import {
  type AttachSettings,
  attachOptionNames,
  type SegmentGuard,
  type SegmentSource,
  type SystemVName,
} from './options.ts';

export interface CheckedOptions {
  /** Undefined where there are problems. */
  readonly settings: AttachSettings | undefined;
  /** A line each: where, and what is wrong there. */
  readonly problems: readonly string[];
}

const sources = ['systemV', 'posix', 'file', 'fd'] as const;
const guards = ['seqlock', 'posixSemaphore', 'systemVSemaphore', 'mutex', 'flock', 'fcntl'] as const;
const maxId = 2 ** 31 - 1;
const maxWaitMs = 60_000;
const maxMagicBytes = 4096;
/** Why a struct cannot lie in a segment. */
export const tailsRefused = 'must have a fixed size: no text(), bytes() or list() without a length';

/**
 * Checks options of `attach` that may be anything, and puts the defaults in place.
 *
 * @param path Names them in problems; empty: the options' own names suffice.
 * @param folder Where relative paths count from.
 */
export function checkAttachOptions(value: unknown, path = '', folder = '.'): CheckedOptions {
  const problems: string[] = [];
  const reader = new OptionReader(value, path, problems, attachOptionNames);
  const source = checkSource(reader, folder);
  const settings: AttachSettings = {
    ...source,
    offset: reader.offset('offset', 0),
    guard: reader.has('guard') ? checkGuard(reader.inner('guard', guards), source, folder) : undefined,
    writable: reader.boolean('writable', false),
    timeoutMs: reader.number('timeoutMs', 0, maxWaitMs, 100),
    watchIntervalMs: reader.number('watchIntervalMs', 1, maxWaitMs, 20),
    magic: reader.has('magic') ? checkMagic(reader.inner('magic', ['offset', 'bytes'])) : undefined,
    lazy: reader.boolean('lazy', false),
  };
  return { settings: problems.length === 0 ? settings : undefined, problems };
}

/** Which of `systemV`, `posix`, `file` and `fd` there is, and that it is sound. */
export function checkSource(reader: OptionReader, folder: string): SegmentSource {
  switch (reader.one(sources)) {
    case 'systemV':
      return { systemV: checkSystemV(reader.inner('systemV', ['key', 'id'])) };
    case 'posix':
      return { posix: posixName(reader, 'posix', 255) };
    case 'file':
      return { file: checkPath(reader, 'file', folder) };
    default:
      return { fd: reader.has('fd') ? reader.integer('fd', 0, maxId) : 0 };
  }
}

function checkSystemV(reader: OptionReader): SystemVName {
  if (reader.one(['key', 'id']) === 'id') return { id: reader.integer('id', 0, maxId) };
  if (!reader.has('key')) return { key: 1 };
  const key = reader.integer('key', -(2 ** 31), 2 ** 32 - 1);
  // With or without a sign, the same 32 bits.
  if (key === 0) reader.refuse('key', 'must not be 0, which is IPC_PRIVATE: use the id');
  return { key: key | 0 };
}

function checkGuard(reader: OptionReader, source: SegmentSource, folder: string): SegmentGuard {
  const guard = reader.one(guards);
  switch (guard) {
    case 'seqlock': {
      const inner = reader.inner('seqlock', ['offset', 'bytes']);
      const offset = inner.offset('offset');
      const bytes = inner.value('bytes');
      if (bytes !== 4 && bytes !== 8) inner.refuse('bytes', 'must be 4 or 8, the width of the counter');
      else if (offset % bytes !== 0) inner.refuse('offset', `must be a multiple of ${bytes}`);
      return { seqlock: { offset, bytes: bytes === 8 ? 8 : 4 } };
    }
    case 'posixSemaphore':
      return { posixSemaphore: posixName(reader, 'posixSemaphore', 251) };
    case 'systemVSemaphore': {
      const inner = reader.inner('systemVSemaphore', ['key', 'id', 'number', 'undo']);
      const number = inner.integer('number', 0, 65_535);
      return { systemVSemaphore: { ...checkSystemV(inner), number, undo: inner.boolean('undo', true) } };
    }
    case 'mutex': {
      const inner = reader.inner('mutex', ['offset']);
      const offset = inner.offset('offset');
      if (offset % 8 !== 0) inner.refuse('offset', 'must be a multiple of 8');
      return { mutex: { offset } };
    }
    case 'flock':
      return { flock: checkLockFile(reader, 'flock', source, folder) };
    case 'fcntl':
      return { fcntl: checkLockFile(reader, 'fcntl', source, folder) };
    default:
      return {};
  }
}

function checkLockFile(reader: OptionReader, name: string, source: SegmentSource, folder: string): string | true {
  if (reader.value(name) !== true) return checkPath(reader, name, folder);
  if (source.systemV !== undefined) reader.refuse(name, 'must be the path of a file: a System V segment has none');
  return true;
}

function checkMagic(reader: OptionReader): NonNullable<AttachSettings['magic']> {
  const offset = reader.offset('offset', 0);
  const given = reader.value('bytes');
  const bytes = typeof given === 'string' ? hexBytes(given) : given instanceof Uint8Array ? given : undefined;
  if (bytes !== undefined && bytes.length >= 1 && bytes.length <= maxMagicBytes) {
    return { offset, bytes: new Uint8Array(bytes) };
  }
  reader.refuse('bytes', `must be 1 to ${maxMagicBytes} bytes, or pairs of hex digits`);
  return { offset, bytes: new Uint8Array() };
}

function hexBytes(text: string): Uint8Array | undefined {
  return /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}

function posixName(reader: OptionReader, name: string, maxBytes: number): string {
  return reader.text(name, /^\/[^/\0]+$/, 'a name such as /name', maxBytes);
}

function checkPath(reader: OptionReader, name: string, folder: string): string {
  return resolve(folder, reader.text(name, /^[^\0]+$/, 'the path of a file', 4095));
}
