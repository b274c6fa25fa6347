/** Lists of CPUs, as `taskset --cpu-list` and `isth_service_main()` take them: `2,4-7`. */
import { refuse, show } from './problem.ts';

export function checkCpus(value: unknown, path: string): string {
  if (typeof value !== 'string' || !/^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/.test(value)) {
    refuse(path, `must be a list of CPUs such as 0-1,4, not ${show(value)}`);
  }
  for (const range of value.split(',')) {
    const [first = '', last = first] = range.split('-');
    if (Number(last) < Number(first))
      refuse(path, `must have its ranges from the lower CPU to the higher one, not ${range}`);
  }
  return value;
}

/** The numbers in a list that was checked, in its order. */
export function listCpus(cpus: string): readonly number[] {
  return cpus.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/**
 * Which CPUs of a list each instance's serving threads get, as a list each: one after the other, and from the beginning again
 * where there are fewer.
 */
export function shareCpus(
  cpus: string,
  { instances, threads }: { readonly instances: number; readonly threads: number },
): readonly string[] {
  const all = listCpus(cpus);
  return Array.from({ length: instances }, (_, instance) =>
    Array.from({ length: threads }, (_, thread) => all[(instance * threads + thread) % all.length]).join(','),
  );
}
