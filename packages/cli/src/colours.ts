import picocolors from 'picocolors';

/**
 * Colours for one stream. picocolors decides for stdout alone; ours go to stderr as well, and one of them may be a file.
 * NO_COLOR and FORCE_COLOR count for both.
 */
export function colours(stream: { readonly isTTY?: boolean }): ReturnType<typeof picocolors.createColors> {
  const forced = process.env.FORCE_COLOR !== undefined && process.env.FORCE_COLOR !== '0';
  const forbidden = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== '';
  return picocolors.createColors(!forbidden && (forced || stream.isTTY === true));
}
