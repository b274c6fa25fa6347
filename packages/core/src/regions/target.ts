import { IsthmusError } from '@isthmus/schema';

/** @throws IsthmusError `INVALID_ARGUMENT` for what a struct of so many bytes cannot be copied into. */
export function requireTarget(target: Uint8Array, size: number): void {
  if (target instanceof Uint8Array && target.length >= size) return;
  throw new IsthmusError('INVALID_ARGUMENT', { detail: `the target must be a Uint8Array of at least ${size} bytes` });
}
