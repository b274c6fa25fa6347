/** Ends what lasts longer than the credentials behind it. */

/** The longest that a timer of Node waits, in ms; what is later is waited for in pieces. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Calls `end` when it is `timeMs`, as Date.now() counts; Infinity: never. Returns what calls it off. */
export function atTime(timeMs: number, end: () => void): () => void {
  if (timeMs === Infinity) return () => {};
  let timer: NodeJS.Timeout;
  const wait = () => {
    const leftMs = timeMs - Date.now();
    timer = leftMs <= 0 ? setTimeout(end) : setTimeout(wait, Math.min(leftMs, MAX_DELAY_MS));
    timer.unref();
  };
  wait();
  return () => clearTimeout(timer);
}
