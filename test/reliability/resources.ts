/** What a process holds that could be left over. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { descendantsOf, segmentsOf } from '../e2e/support/processes.ts';
import { eventually } from '../support/eventually.ts';
import { patienceMs } from './load-process.ts';

export interface Resources {
  readonly descriptors: number;
  readonly segments: number;
  readonly children: number;
}

function resourcesOf(pid: number): Resources {
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    segments: segmentsOf([{ pid, startTime: '' }]).size,
    children: descendantsOf(pid).length,
  };
}

/** Those of an instance that nobody is connected to; whoever looked whether it serves may not be gone yet. */
export async function idleResources(pid: number): Promise<Resources> {
  for (let before = resourcesOf(pid); ; ) {
    await sleep(20);
    const now = resourcesOf(pid);
    if (now.descriptors === before.descriptors) return now;
    before = now;
  }
}

/** Waits until it holds no more than that. */
export function holdsNoMore(pid: number, idle: Resources): Promise<void> {
  const most = JSON.stringify(idle);
  return eventually(
    `process ${pid} holds no more than ${most}`,
    () => {
      const { descriptors, segments, children } = resourcesOf(pid);
      return descriptors <= idle.descriptors && segments <= idle.segments && children <= idle.children;
    },
    patienceMs,
  );
}

export function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
