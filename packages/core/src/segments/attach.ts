import { codecOf, type Infer, type InferInput, IsthmusError, type Struct } from '@isthmus/schema';
import type { AttachedRegion } from '../regions/types.ts';
import { AttachedSegment } from './attached.ts';
import { checkAttachOptions, tailsRefused } from './check-options.ts';
import type { AttachOptions } from './options.ts';
import { Segment } from './segment.ts';

/**
 * Attaches to shared memory that another program made, or a file, in which a struct lies. It may be replaced by another one any
 * time, as by a program that restarts: operations then go there, and the epoch of what they give is another one.
 *
 * @throws IsthmusError `SCHEMA_INVALID`; `INVALID_ARGUMENT` naming the option, or for a struct that has no fixed size. Unless
 *   `lazy`: `SEGMENT_MISSING`, `GUARD_MISSING`, `PERMISSION_DENIED`, `SEGMENT_TOO_SMALL`, `SEGMENT_MISMATCH`.
 */
export async function attach<S extends Struct>(
  type: S,
  options: AttachOptions,
): Promise<AttachedRegion<Infer<S>, InferInput<S>>> {
  const { settings, problems } = checkAttachOptions(options);
  if (settings === undefined) throw new IsthmusError('INVALID_ARGUMENT', { detail: problems.join('; ') });
  const { size, isFixed } = codecOf(type);
  if (!isFixed) {
    throw new IsthmusError('INVALID_ARGUMENT', { detail: `${type.name} ${tailsRefused}` });
  }
  const segment = new Segment(settings, size);
  const attaching = segment.attach();
  await (settings.lazy ? attaching.catch(() => undefined) : attaching);
  return new AttachedSegment(type, segment);
}
