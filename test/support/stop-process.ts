/** Stopping another process for sure, and seeing that it rests. */
import { readdirSync, readFileSync } from 'node:fs';

const patienceMs = 60_000;
/** As `/proc` has it: stopped; or dead, which does nothing either. */
const restingStates: ReadonlySet<string | undefined> = new Set(['T', 'Z', 'X']);
const sleepingStates: ReadonlySet<string | undefined> = new Set(['S', 'Z', 'X']);

/**
 * Sends SIGSTOP and returns once no thread of the process runs any more. The signal alone takes effect a moment later: one that polls
 * on another CPU still answers a call within it. Where the process has ended there is nothing to do.
 *
 * @throws Error when it still runs after a minute.
 */
export function stopProcess(pid: number): void {
  if (whereThere(() => process.kill(pid, 'SIGSTOP')) === undefined) return;
  const until = performance.now() + patienceMs;
  while (!areAll(pid, restingStates)) {
    if (performance.now() > until) throw new Error(`process ${pid} does not stop`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

/** Whether each thread of the process waits for something: none runs, or would if it had the CPU. */
export function isAsleep(pid: number): boolean {
  return areAll(pid, sleepingStates);
}

function areAll(pid: number, states: ReadonlySet<string | undefined>): boolean {
  const threads = whereThere(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  return threads.every((thread) => {
    const stat = whereThere(() => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
    // The name before the state, in brackets, may have any character.
    return stat === undefined || states.has(stat[stat.lastIndexOf(')') + 2]);
  });
}

/** Undefined where the process, or the thread, has ended. */
function whereThere<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ESRCH' || code === 'ENOENT') return undefined;
    throw error;
  }
}
