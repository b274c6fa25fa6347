/** Calls at random times that do not wait for each other, and how each ended. */
import { setTimeout as sleep } from 'node:timers/promises';

/** How a call ended: in time, refused at once or later, or not in time at all. */
export type Ending = 'good' | 'refused' | 'missed';

export interface Tally {
  /** All calls, those before it was counted included. */
  readonly made: number;
  readonly offered: number;
  readonly good: number;
  readonly refused: number;
  readonly missed: number;
  /** What a call that was answered in time took, from the moment that it was due, in ms; null: none was. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** CPU time of this process for all of them, in seconds. */
  readonly cpuSeconds: number;
}

export interface Arrivals {
  readonly perSecond: number;
  readonly seconds: number;
  /** From the moment that a call is due. */
  readonly deadlineMs: number;
}

/** Before the first call that is counted, so that what was measured is not how things begin. */
const warmSeconds = 2;

/**
 * Makes calls at the times of a Poisson process, whatever becomes of those before (an open loop). What a call takes counts from
 * the moment that it was due and not from when it was made, so that a generator that falls behind hides nothing.
 *
 * @param call Makes one that has `leftMs`, and says whether it was answered; false: it was refused. What it throws is a miss.
 */
export async function arrive(
  { perSecond, seconds, deadlineMs }: Arrivals,
  call: (leftMs: number) => Promise<boolean>,
): Promise<Tally> {
  const counts = { good: 0, refused: 0, missed: 0 };
  const took: number[] = [];
  const running = new Set<Promise<void>>();
  let made = 0;
  let offered = 0;
  const begin = performance.now();
  const countFrom = begin + warmSeconds * 1000;
  const end = countFrom + seconds * 1000;
  const cpu = process.cpuUsage();

  const make = async (dueMs: number): Promise<void> => {
    const isCounted = dueMs >= countFrom;
    made += 1;
    if (isCounted) offered += 1;
    let ending: Ending = 'missed';
    const leftMs = dueMs + deadlineMs - performance.now();
    try {
      if (leftMs > 0) ending = (await call(leftMs)) ? 'good' : 'refused';
    } catch {
      // Counted as missed.
    }
    const ms = performance.now() - dueMs;
    if (ending === 'good' && ms > deadlineMs) ending = 'missed';
    if (!isCounted) return;
    counts[ending] += 1;
    if (ending === 'good') took.push(ms);
  };

  for (let dueMs = begin; dueMs < end; ) {
    while (dueMs <= performance.now() && dueMs < end) {
      const call = make(dueMs);
      running.add(call);
      void call.finally(() => running.delete(call));
      dueMs += (-Math.log(1 - Math.random()) * 1000) / perSecond;
    }
    // Timers have a millisecond; between two of them the event loop has to turn.
    await sleep(dueMs - performance.now() > 1.5 ? 1 : 0);
  }
  await Promise.all(running);
  const { user, system } = process.cpuUsage(cpu);
  took.sort((a, b) => a - b);
  const at = (share: number): number | null => took[Math.floor(share * took.length)] ?? null;
  return { made, offered, ...counts, p50: at(0.5), p99: at(0.99), cpuSeconds: (user + system) / 1e6 };
}

/** The calls that are answered in a second when `count` are always under way. */
export async function capacity(count: number, seconds: number, call: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  const end = begin + seconds * 1000;
  let done = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      await call();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: count }, loop));
  return (done * 1000) / (performance.now() - begin);
}
