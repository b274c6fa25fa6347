import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { IsthmusError } from '@isthmus/schema';
import type { Stamp } from './types.ts';

/** How long a write waits in all, in ms, while others have the lock of a region with several writers. */
export const patienceMs = 100;

/** How often a change of what is there is tried again because it was written meanwhile. */
const maxConflicts = 1000;
/** Between two tries: 1 ms, then twice as long each time, up to this. */
const lastPauseMs = 8;

/**
 * Tries at once, again and again, what gives undefined where it was written meanwhile.
 *
 * @param attempt Is told how long it may wait for the lock, in ms.
 * @throws IsthmusError `REGION_BUSY` and what `attempt` throws.
 */
export function writeAtOnce(attempt: (waitMs: number) => Stamp | undefined): Stamp {
  const untilMs = performance.now() + patienceMs;
  for (let conflicts = 0; conflicts < maxConflicts; conflicts += 1) {
    const stamp = attempt(Math.max(untilMs - performance.now(), 0));
    if (stamp !== undefined) return stamp;
  }
  throw busy();
}

/**
 * The same for what must not hold up the event loop, whoever has the lock and for how long: `attempt` never waits for it, and others
 * run between two tries.
 */
export async function writeByTries(attempt: () => Stamp | undefined): Promise<Stamp> {
  const untilMs = performance.now() + patienceMs;
  let pauseMs = 1;
  for (let conflicts = 0; conflicts < maxConflicts; ) {
    try {
      const stamp = attempt();
      if (stamp !== undefined) return stamp;
      conflicts += 1;
      await turn();
    } catch (cause) {
      const leftMs = untilMs - performance.now();
      if (!(cause instanceof IsthmusError && cause.code === 'LOCK_TIMEOUT') || leftMs <= 0) throw cause;
      await sleep(Math.min(pauseMs, leftMs));
      pauseMs = Math.min(2 * pauseMs, lastPauseMs);
    }
  }
  throw busy();
}

function busy(): IsthmusError {
  return new IsthmusError('REGION_BUSY', { detail: `written ${maxConflicts} times while it was changed` });
}
