/** Stopping another process for sure. */
import { readdirSync, readFileSync } from 'node:fs';

const patienceMs = 60_000;

/**
 * Sends SIGSTOP and returns once no thread of the process runs any more. The signal alone takes effect a moment later: one that polls
 * on another CPU still answers a call within it.
 *
 * @throws Error when it still runs after a minute, or is gone.
 */
export function stopProcess(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  const until = performance.now() + patienceMs;
  while (!isStopped(pid)) {
    if (performance.now() > until) throw new Error(`process ${pid} does not stop`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

function isStopped(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    // The name before it, in brackets, may have any character.
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  });
}
