/** What a process holds, and whether that grows. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Sample {
  /** Since the begin. */
  readonly ms: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly mappings: number;
}

/** @throws the system's error when the process has gone. */
export function sampleOf(pid: number, ms: number): Sample {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return {
    ms,
    residentBytes: Number(kib) * 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    mappings: readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').length - 1,
  };
}

/** Connections that come and go, and a garbage collector, make each part go up and down. By so much it may. */
const slack = { residentBytes: 8 * 2 ** 20, descriptors: 24, mappings: 24 };
/** What a part may grow by besides. */
const share = 0.05;

/**
 * The parts that were larger in the last quarter than in the second, in words. The medians are compared: the first quarter is for
 * warming up, and a single sample may lie anywhere. A leak of one descriptor or mapping in each connection would show in seconds.
 */
export function grownParts(samples: readonly Sample[]): readonly string[] {
  if (samples.length < 8) return [`only ${samples.length} samples: it has to run for longer`];
  const quarter = Math.floor(samples.length / 4);
  const early = samples.slice(quarter, 2 * quarter);
  const late = samples.slice(-quarter);
  return (['residentBytes', 'descriptors', 'mappings'] as const).flatMap((part) => {
    const [before, after] = [median(early, part), median(late, part)];
    return after > before * (1 + share) + slack[part] ? [`${part} grew from ${before} to ${after}`] : [];
  });
}

function median(samples: readonly Sample[], part: keyof Sample): number {
  const sorted = samples.map((sample) => sample[part]).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
