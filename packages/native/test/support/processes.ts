/** What the kernel says a process holds. Linux only, as the addon is. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Holdings {
  readonly descriptors: number;
  /** Mappings of the memory of channels. */
  readonly segments: number;
  readonly threads: number;
  readonly residentKiB: number;
}

export function holdingsOf(pid: number): Holdings {
  const folder = `/proc/${pid}`;
  const status = readFileSync(`${folder}/status`, 'utf8');
  return {
    descriptors: readdirSync(`${folder}/fd`).length,
    segments: readFileSync(`${folder}/maps`, 'utf8').split('memfd:isthmus').length - 1,
    threads: readdirSync(`${folder}/task`).length,
    residentKiB: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]),
  };
}

/** What the descriptors of a process refer to, for messages of tests that find too many. */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return 'closed';
    }
  });
}
