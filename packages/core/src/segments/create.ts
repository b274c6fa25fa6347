import { codecOf, IsthmusError, type Struct } from '@isthmus/schema';
import { errorOf } from '../errors.ts';
import { native } from '../native.ts';
import { OptionReader } from '../option-reader.ts';
import { checkSource, tailsRefused } from './check-options.ts';
import { nativeNameOf } from './native-options.ts';
import type { SegmentSource } from './options.ts';

/** What can be created: not an id, which the system chooses, nor a descriptor. */
export type CreatableSource =
  | { readonly systemV: { readonly key: number } }
  | { readonly posix: string }
  | { readonly file: string };

/** What can be removed: all but a descriptor. */
export type RemovableSource = Exclude<SegmentSource, { readonly fd: number }>;

export type CreateOptions = CreatableSource & {
  /** How large: as many bytes, or a struct's. One of the two. */
  readonly bytes?: number | undefined;
  readonly struct?: Struct | undefined;
  /** Permission bits, whatever the umask. Default: 0o600. */
  readonly mode?: number | undefined;
  /** Its owner. Another one than the process's own takes privileges. Default: the process's. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
};

const createNames = ['systemV', 'posix', 'file', 'bytes', 'struct', 'mode', 'uid', 'gid'];
const maxId = 2 ** 32 - 2;
const maxBytes = 2 ** 40;

/**
 * Creates a segment of zeros for a program that expects to find one. It stays until it is removed.
 *
 * @throws IsthmusError `SEGMENT_EXISTS`, `PERMISSION_DENIED`, `INVALID_ARGUMENT` naming the option, `OUT_OF_MEMORY`, `SYSTEM`.
 */
export async function createSegment(options: CreateOptions): Promise<void> {
  const problems: string[] = [];
  const reader = new OptionReader(options, '', problems, createNames);
  const source = checkSource(reader, '.');
  if (source.systemV?.id !== undefined) problems.push('systemV.id: the system chooses it, so name a key');
  const mode = reader.integer('mode', 1, 0o777, 0o600);
  const uid = reader.integer('uid', -1, maxId, -1);
  const gid = reader.integer('gid', -1, maxId, -1);
  const bytes = sizeOf(options, reader);
  refuseProblems(problems);
  try {
    await native().createSegment({ ...nativeNameOf(source), bytes, mode, uid, gid });
  } catch (cause) {
    throw errorOf(cause);
  }
}

/**
 * Removes a segment's name. Who has it attached keeps it until he detaches. What `createSegment` took will do.
 *
 * @throws IsthmusError `SEGMENT_MISSING`, `PERMISSION_DENIED`, `INVALID_ARGUMENT`, `SYSTEM`.
 */
export async function removeSegment(source: RemovableSource): Promise<void> {
  removeSegmentSync(source);
}

/** The same at once, for a process that is about to end. */
export function removeSegmentSync(source: RemovableSource): void {
  const problems: string[] = [];
  const name = checkSource(new OptionReader(source, '', problems, createNames), '.');
  refuseProblems(problems);
  try {
    native().removeSegment(nativeNameOf(name));
  } catch (cause) {
    throw errorOf(cause);
  }
}

function sizeOf({ struct }: CreateOptions, reader: OptionReader): number {
  if (reader.one(['bytes', 'struct']) === undefined) return 0;
  if (struct === undefined) return reader.integer('bytes', 1, maxBytes);
  const { size, isFixed } = codecOf(struct);
  if (!isFixed) reader.refuse('struct', tailsRefused);
  return size;
}

function refuseProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new IsthmusError('INVALID_ARGUMENT', { detail: problems.join('; ') });
}
