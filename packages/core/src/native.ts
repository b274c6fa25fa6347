import { loadNative, type Native } from '@isthmus/native';
import { IsthmusError } from '@isthmus/schema';

let loaded: Native | undefined;

/**
 * The native addon, loaded when first needed, so that what needs none of it (types, errors) can be imported anywhere.
 *
 * @throws IsthmusError `NATIVE_MISSING`.
 */
export function native(): Native {
  try {
    loaded ??= loadNative();
  } catch (cause) {
    throw new IsthmusError('NATIVE_MISSING', { detail: cause instanceof Error ? cause.message : String(cause), cause });
  }
  return loaded;
}
