/** CPU time that the host of a virtual machine took for others while programs here wanted to run: "steal" in proc_stat(5). */
import { readFileSync } from 'node:fs';

interface Ticks {
  readonly stolen: number;
  readonly all: number;
}

export class StolenTime {
  readonly #begin = ticks();

  /** Its share of the time of all CPUs since this was made, in steps of 10 ms: 0 to 1. */
  get share(): number {
    const now = ticks();
    const all = now.all - this.#begin.all;
    return all === 0 ? 0 : Math.max(0, now.stolen - this.#begin.stolen) / all;
  }
}

/** The first line's fields: user, nice, system, idle, iowait, irq, softirq, steal; those of guests, which follow, are part of user. */
function ticks(): Ticks {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const fields = line.split(/ +/).slice(1, 9).map(Number);
  return { stolen: fields[7] ?? 0, all: fields.reduce((sum, one) => sum + one, 0) };
}
